"""The examples of docs/use, run as they stand there, against two nodes. What a reader copies works."""

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from weft.cli.demo import PACKAGED
from weft.demo.local import LocalNode, key_for, pair
from weft.demo.visitor import until

USE = Path(__file__).parents[2] / "docs" / "use"
BLOCK = re.compile(r"^```(python)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CURL = 'set -eu; curl() { command curl -sS --fail-with-body "$@"; }\n'
SECONDS = 60
pytestmark = [
    pytest.mark.network,
    pytest.mark.timeout(300),
    pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine"),
]


class Desk(NamedTuple):
    """Where a reader sits: a folder with the files that the examples name, and two nodes."""

    folder: Path
    variables: dict[str, str]

    def run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.variables}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def answers(self, example: str) -> bool:
        return self.run(["bash", "-c", CURL + example]).returncode == 0


def examples(page: str, language: str) -> list[str]:
    return [text for found, text in BLOCK.findall((USE / page).read_text(encoding="utf-8")) if found == language]


def curls(page: str) -> list[str]:
    return [text for text in examples(page, "") if text.startswith("curl")]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("examples")
    nodes = [LocalNode(name, folder / name) for name in ("eclac", "eca")]
    try:
        for node in nodes:
            node.make()
            node.start()
        for node in nodes:
            node.wait_ready()
        pair(nodes)
        here, there = nodes
        shutil.copy(PACKAGED / "eclac" / "documents.ndjson", folder / "briefs.ndjson")
        with gzip.open(PACKAGED / "eclac" / "observations.csv.gz", "rt", encoding="utf-8") as packed:
            lines = [line for at, line in enumerate(packed) if at == 0 or "EN_LND_SLUM" in line]
        (folder / "observations.csv").write_text("".join(lines), encoding="utf-8", newline="")
        variables = {"NODE": here.url, "OTHER_NODE": there.url, "KEY": key_for(here, "editor")}
        made = Desk(folder, variables)
        load = f"{CURL}curl -X POST '{here.url}/api/v1/series/bulk?audience=network' -H 'Content-Type: text/csv'"
        loaded = made.run(["bash", "-c", f'{load} -H "Authorization: Bearer $KEY" --data-binary @observations.csv'])
        assert loaded.returncode == 0, loaded.stdout + loaded.stderr
        yield made
    finally:
        for node in nodes:
            node.stop()


@pytest.mark.parametrize("page", ["documents.md", "series.md", "search.md"])
def test_every_curl_of_the_page_is_answered(desk: Desk, page: str) -> None:
    written = curls(page)
    assert written
    for example in written:
        if "$OTHER_NODE" in example:
            until(f"answered: {example}", partial(desk.answers, example))
            continue
        done = desk.run(["bash", "-c", CURL + example])
        assert done.returncode == 0, f"{example}\n{done.stdout}\n{done.stderr}"


def test_the_example_of_an_error_is_answered_with_that_error(desk: Desk) -> None:
    done = desk.run(["bash", "-c", CURL + curls("errors.md")[0]])
    told = json.loads(done.stdout)
    assert (told["status"], told["code"], told["fields"][-1]["field"]) == (422, "invalid", "titel")


@pytest.mark.parametrize("page", ["documents.md", "series.md"])
def test_every_program_of_the_page_runs_to_its_end(desk: Desk, page: str) -> None:
    for example in examples(page, "python"):
        if "pandas" in example:
            pytest.importorskip("pandas", reason="pandas is not installed")
        if page == "documents.md":  # it revises what the page has created above
            read = "curl $NODE/api/v1/documents/eclac/salud-costa"
            assert desk.answers(read) or desk.answers(curls(page)[0])
        given = "import os\nNODE, KEY = os.environ['NODE'], os.environ['KEY']\n"
        done = desk.run([sys.executable, "-c", given + example])
        assert done.returncode == 0, done.stderr

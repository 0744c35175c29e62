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
from weft.demo.five import http
from weft.demo.local import LocalNode, key_for, pair
from weft.demo.visitor import DOCUMENTS, brief, expect, put, until

USE = Path(__file__).parents[2] / "docs" / "use"
BLOCK = re.compile(r"^```(python)?\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PAGES = {
    "documents.md": "eclac",
    "series.md": "eclac",
    "search.md": "eclac",
    "countries.md": "eclac",
    "changes.md": "eclac",
    "files.md": "eclac",
    "barriers.md": "eca",
    "indicators.md": "eca",
}
"""The pages whose examples are run, and the node at which: records of another would not be taken."""
VERSION = re.compile(r"\b1\.[0-9a-f]{8}\.[0-9]+\b")
"""Of a document, in an example. The versions of a real node have another epoch."""
NAMED = {"files.md": "eclac/brief-12", "changes.md": "eclac/salud-costa"}
"""The document whose version a page names, and which is there before its examples are run."""
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
    nodes: list[LocalNode]

    def at(self, name: str) -> "Desk":
        """The same, in front of the node of this name, with a key of its own."""
        here, there = sorted(self.nodes, key=lambda node: node.name != name)
        variables = {"NODE": here.url, "OTHER_NODE": there.url, "KEY": key_for(here, "editor")}
        return self._replace(variables=variables)

    def as_it_is(self, page: str, example: str) -> str:
        """The example with the version that the document has now."""
        if page not in NAMED or not VERSION.search(example):
            return example
        put(self.nodes[0], NAMED[page], brief(title="Salud en la costa", language="es"))
        document = expect(http(self.nodes[0], None).get(f"{DOCUMENTS}/{NAMED[page]}"))
        return VERSION.sub(document.json()["version"], example)

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
        here, _ = nodes
        shutil.copy(PACKAGED / "eclac" / "documents.ndjson", folder / "briefs.ndjson")
        with gzip.open(PACKAGED / "eclac" / "observations.csv.gz", "rt", encoding="utf-8") as packed:
            lines = [line for at, line in enumerate(packed) if at == 0 or "EN_LND_SLUM" in line]
        (folder / "observations.csv").write_text("".join(lines), encoding="utf-8", newline="")
        (sheet, *_) = sorted((PACKAGED / "eca" / "files").glob("*.pdf"))
        shutil.copy(sheet, folder / "brief.pdf")
        made = Desk(folder, {}, nodes).at(here.name)
        load = f"{CURL}curl -X POST '{here.url}/api/v1/series/bulk?audience=network' -H 'Content-Type: text/csv'"
        loaded = made.run(["bash", "-c", f'{load} -H "Authorization: Bearer $KEY" --data-binary @observations.csv'])
        assert loaded.returncode == 0, loaded.stdout + loaded.stderr
        yield made
    finally:
        for node in nodes:
            node.stop()


@pytest.mark.parametrize("page", PAGES)
def test_every_curl_of_the_page_is_answered(desk: Desk, page: str) -> None:
    reader = desk.at(PAGES[page])
    written = curls(page)
    assert written
    for example in written:
        copied = reader.as_it_is(page, example)
        if "$OTHER_NODE" in copied:
            until(f"answered: {copied}", partial(reader.answers, copied))
            continue
        done = reader.run(["bash", "-c", CURL + copied])
        assert done.returncode == 0, f"{copied}\n{done.stdout}\n{done.stderr}"
    if page == "files.md":
        assert (desk.folder / "copy.pdf").read_bytes() == (desk.folder / "brief.pdf").read_bytes()


def test_no_page_with_an_example_is_left_out() -> None:
    shown = {file.name for file in USE.glob("*.md") if curls(file.name) or examples(file.name, "python")}
    assert shown == {*PAGES, "errors.md"}


def test_the_example_of_a_webhook_says_all_that_one_needs(desk: Desk) -> None:
    (asked,) = [text for text in examples("webhooks.md", "") if text.startswith("{")]
    answer = http(desk.nodes[0], "operator").post("/api/v1/webhooks", json=json.loads(asked))
    assert answer.status_code == 201 or answer.json()["code"] == "webhook-address", answer.text


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

"""What the API says of itself is what it does: requests made from its description, well formed and not, by schemathesis.

Each role asks what it alone may: an editor everything, with values at every border; the others what is theirs.
Beside that, requests are chained: what one answer tells (an id, an ETag, a Location) goes into the next request, so that
records are created, read, revised, deleted, and asked for again.

One check of schemathesis is left out, that everything is taken which the schema allows. The schema says what JSON Schema can;
that a code is a country's, that a draft stays here, or that a peer is approved is said by the answer.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from tests import databases
from tests.promises.desk import UNHURRIED, begin, document, made
from weft.demo.five import http
from weft.demo.local import LocalNode
from weft.demo.visitor import expect

CONFIGURATION: Final = """
[checks.positive_data_acceptance]
enabled = false

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 414, 415, 422, 428, 429, 431]

[[operations]]
include-path = "/api/v1/sync/peers"  # an address where no node answers is a bad gateway, which is not a fault of ours
checks.not_a_server_error.enabled = false

[[operations]]
include-path = "/api/v1/series/import/unsd"  # has the form of a record's address too, whose methods Allow names rightly
checks.allow_header_conformance.enabled = false

[[operations]]
include-path = "/api/v1/keys/{id}"  # else it finds its own key in the list, and revokes it
parameters = { "path.id" = "0123456789ab" }
"""
OURS: Final = """
[parameters]
"path.origin" = "ece"
"""
STAFF: Final = "^/api/v1/(keys|webhooks|sync|search|network)"
ENDINGS: Final = "/(takedown|undelete)$"
CHAINED: Final = "^/api/v1/(documents|measures)(/[{]origin[}]/[{]id[}](/undelete|/takedown|/files/[{]name[}])?)?$"
SHARED: Final = {"language": "en", "status": "published", "audience": "network"}
NAMED: Final = {"title": {"en": "Something to be read"}, "audience": "network"}
ONE_OF_EACH: Final = {
    "documents": document("Something to be read"),
    "barriers": {"type": "legal", "title": "Something in the way", **SHARED},
    "measures": {"kind": "law", "title": "Something done about it", "result": "worked", **SHARED},
    "frameworks": NAMED,
    "goals": {**NAMED, "framework": "un/framework/mdg-2008"},
    "targets": {**NAMED, "status": "proposed"},
    "indicators": {**NAMED, "status": "proposed"},
    "series": {
        "dimensions": {"FREQ": "A", "REPORTING_TYPE": "R", "SERIES": "SI_POV_NAHC", "REF_AREA": "FRA"},
        "observations": {"TIME_PERIOD": ["2018", "2019"], "OBS_VALUE": ["13.4", None]},
        **NAMED,
    },
}
pytestmark = [pytest.mark.network, pytest.mark.timeout(400)]


class Asking(NamedTuple):
    """Who asks what, and how much of it. Without a role: somebody with no key."""

    role: str | None
    phases: str
    examples: int
    selection: tuple[str, ...] = ()
    configuration: str = CONFIGURATION


EVERYTHING: Final = Asking("editor", "examples,coverage,fuzzing", 4)
OTHERS: Final = (
    Asking(None, "examples,fuzzing", 2),
    Asking("reader", "examples,coverage", 1, ("--include-method", "GET", "--exclude-path-regex", STAFF)),
    Asking("reviewer", "coverage,fuzzing", 4, ("--include-path-regex", ENDINGS), OURS + CONFIGURATION),
    Asking("operator", "examples,coverage,fuzzing", 4, ("--include-path-regex", STAFF)),
)
CHAIN: Final = Asking(
    "reviewer",
    "fuzzing,stateful",
    40,
    ("--include-path-regex", CHAINED, "--mode", "positive"),
    OURS + CONFIGURATION,
)


@pytest.fixture(scope="module")
def ece(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    (node,) = made(tmp_path_factory.mktemp("described"), "ece")
    with described(node):
        yield node


@pytest.fixture
def on_postgresql(tmp_path: Path, server: str) -> Iterator[LocalNode]:
    node = LocalNode("ece", tmp_path / "ece", environment=dict(UNHURRIED), settings=databases.of_node(server))
    node.make()
    with described(node):
        yield node


@contextmanager
def described(node: LocalNode) -> Iterator[None]:
    """The node while it runs, with a record of each kind to be read."""
    try:
        begin(node)
        with http(node, "editor") as editor:
            for plural, record in ONE_OF_EACH.items():
                expect(editor.post(f"/api/v1/{plural}", json=record))
        yield
    finally:
        node.kill()


def ask(node: LocalNode, asking: Asking, folder: Path) -> list[tuple[str, int]]:
    """Have schemathesis ask; the methods and statuses of all that was asked.

    Raises:
        AssertionError: something was not answered as it is described.
    """
    (folder / "schemathesis.toml").write_text(asking.configuration)
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{node.url}/openapi.json", "--no-color"]
    command += ["--phases", asking.phases, "--max-examples", str(asking.examples)]
    command += ["--seed", "1", "--generation-database", "none"]
    command += ["--request-timeout", "40", "--continue-on-failure", "--suppress-health-check", "all"]
    command += ["--warnings", "off", "--report", "har", "--report-har-path", "asked.har", *asking.selection]
    if asking.role:
        key = node.operator.post("/api/v1/keys", {"name": f"asking {asking.role}", "role": asking.role})["secret"]
        command += ["--header", f"Authorization: Bearer {key}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=380, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
    entries = json.loads((folder / "asked.har").read_text())["log"]["entries"]
    return [(entry["request"]["method"], entry["response"]["status"]) for entry in entries]


def test_every_reference_of_the_description_leads_somewhere(ece: LocalNode) -> None:
    with http(ece, None) as anybody:
        text = expect(anybody.get("/openapi.json")).text
    tree = json.loads(text)
    operations = [operation for item in tree["paths"].values() for operation in item.values()]
    for reference in {part.partition('"')[0] for part in text.split('"$ref":"#/')[1:]}:
        found = tree
        for step in reference.split("/"):
            found = found[step]
    names = {operation["operationId"] for operation in operations}
    links = [
        link
        for operation in operations
        for response in operation["responses"].values()
        for link in response.get("links", {}).values()
    ]
    assert len(links) >= len(ONE_OF_EACH) * 3 * 2
    assert {link["operationId"] for link in links} <= names


def test_every_operation_does_what_its_description_says(ece: LocalNode, tmp_path: Path) -> None:
    asked = ask(ece, EVERYTHING, tmp_path)
    assert {("GET", 200), ("PUT", 201), ("DELETE", 404)} <= set(asked)


@pytest.mark.parametrize("asking", OTHERS, ids=[asking.role or "nobody" for asking in OTHERS])
def test_it_does_for_every_role(ece: LocalNode, asking: Asking, tmp_path: Path) -> None:
    statuses = {status for _, status in ask(ece, asking, tmp_path)}
    assert statuses & {200, 404}
    assert 403 not in statuses, "what is asked is theirs to ask"


def test_what_an_answer_tells_leads_on(ece: LocalNode, tmp_path: Path) -> None:
    asked = set(ask(ece, CHAIN, tmp_path))
    assert {("PUT", 201), ("PUT", 200), ("GET", 200), ("DELETE", 204)} <= asked


def test_it_does_so_on_postgresql(on_postgresql: LocalNode, tmp_path: Path) -> None:
    few = CHAIN._replace(examples=15)
    assert {("PUT", 201), ("GET", 200)} <= set(ask(on_postgresql, few, tmp_path))

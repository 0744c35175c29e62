"""What docs/use says is enough: its client keeps a copy of what a stranger and a reader may see, whatever editors do.

Two real nodes. One writes, revises, widens, narrows, deletes and takes down at random; at both, a copy is kept through
`/api/v1/changes` for somebody without a key and for a reader. Each copy is what the node lists, and what is due to that reader.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from tests.promises.desk import document, made, running, visitor
from weft.demo.local import LocalNode
from weft.demo.visitor import DOCUMENTS, expect, until

MANUAL: Final = Path(__file__).parents[2] / "docs" / "use" / "changes.md"
ROUNDS: Final = 8
EDITS: Final = 12
AUDIENCES: Final[tuple[str | list[str], ...]] = ("network", "local", ["eca"])
REASON: Final = "Shows who was asked."
pytestmark = [pytest.mark.network, pytest.mark.timeout(180)]
Client = Callable[[httpx.Client, Path, list[str]], None]


class Reader(NamedTuple):
    """Who keeps a copy, where, and of what: the audiences whose documents are for them."""

    node: LocalNode
    role: str | None
    sees: tuple[str, ...]
    file: Path

    @property
    def http(self) -> httpx.Client:
        return visitor(self.node, self.role)

    @property
    def copy(self) -> dict[str, dict[str, Any]]:
        records: dict[str, dict[str, Any]] = json.loads(self.file.read_text())["records"] if self.file.exists() else {}
        return records


class Writer:
    """Edits as docs/use/documents.md says, and keeps what is there: each document's version and audience."""

    def __init__(self, node: LocalNode, chance: random.Random) -> None:
        self._http = visitor(node, "editor")
        self._reviewer = visitor(node, "reviewer")
        self._chance = chance
        self.there: dict[str, tuple[str, str]] = {}
        self.ended: dict[str, str] = {}
        self._made = 0
        often = (self._create, self._revise) * 3
        self._acts = (*often, self._delete, self._take_down)

    def edit(self) -> None:
        known = [*self.there]
        act = self._chance.choice(self._acts)
        act(self._chance.choice(known)) if known else self._create("")

    def _create(self, _: str) -> None:
        self._made += 1
        self._put(f"d{self._made}", {})

    def _revise(self, id_: str) -> None:
        self._put(id_, {"If-Match": self.there[id_][0]})

    def _put(self, id_: str, headers: dict[str, str]) -> None:
        audience = self._chance.choice(AUDIENCES)
        said = document(f"Nr. {self._chance.random()}", audience=audience)
        answer = expect(self._http.put(f"{DOCUMENTS}/eclac/{id_}", json=said, headers=headers))
        self.there[id_] = (answer.headers["ETag"], "".join(audience))

    def _delete(self, id_: str) -> None:
        tag, _ = self.there.pop(id_)
        expect(self._http.delete(f"{DOCUMENTS}/eclac/{id_}", headers={"If-Match": tag}))

    def _take_down(self, id_: str) -> None:
        tag, audience = self.there.pop(id_)
        address = f"{DOCUMENTS}/eclac/{id_}/takedown"
        expect(self._reviewer.post(address, json={"reason": REASON}, headers={"If-Match": tag}))
        self.ended[id_] = audience


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalNode, LocalNode]]:
    eclac, eca = made(tmp_path_factory.mktemp("walk"), "eclac", "eca")
    with running(eclac, eca):
        yield eclac, eca


@pytest.fixture(scope="module")
def bring_up_to_date() -> Client:
    """The client as it is printed."""
    found = re.search(r"```python\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    known: dict[str, Any] = {}
    exec(compile(found[1], str(MANUAL), "exec"), known)  # our own manual, as a reader would run it
    client: Client = known["bring_up_to_date"]
    return client


def due(reader: Reader, writer: Writer) -> dict[str, str]:
    """The version of each document that this reader is to see."""
    return {
        f"eclac/document/{id_}": tag.strip('"')
        for id_, (tag, audience) in writer.there.items()
        if audience in reader.sees
    }


def listed(reader: Reader) -> dict[str, str]:
    """What the node lists for this reader, page by page."""
    found: dict[str, str] = {}
    after: str | None = ""
    while after is not None:
        page = expect(reader.http.get(DOCUMENTS, params={"limit": 7, **({"after": after} if after else {})})).json()
        found |= {item["key"]: item["version"] for item in page["items"]}
        after = page["next"]
    return found


def test_a_copy_kept_by_the_manuals_client_is_what_the_node_lists(
    nodes: tuple[LocalNode, LocalNode], bring_up_to_date: Client, tmp_path: Path
) -> None:
    eclac, eca = nodes
    readers = [
        Reader(eclac, None, ("network",), tmp_path / "public-home"),
        Reader(eclac, "reader", ("network", "local", "eca"), tmp_path / "reader-home"),
        Reader(eca, None, ("network",), tmp_path / "public-peer"),
        Reader(eca, "reader", ("network", "eca"), tmp_path / "reader-peer"),
    ]
    writer = Writer(eclac, random.Random(7))
    for _ in range(ROUNDS):
        for _ in range(EDITS):
            writer.edit()
        for reader in readers:
            wanted = due(reader, writer)

            def same(reader: Reader = reader, wanted: dict[str, str] = wanted) -> bool:
                if {key: record["version"] for key, record in reader.copy.items()} == wanted == listed(reader):
                    return True
                bring_up_to_date(reader.http, reader.file, ["document"])
                return False

            until(f"the copy of {reader.file.name} and the list are what is due", same)
            for key, record in reader.copy.items():
                assert record == reader.http.get(f"{DOCUMENTS}/eclac/{key.split('/')[2]}").json()
    assert {audience for _, audience in writer.there.values()} == {"network", "local", "eca"}
    assert writer.ended
    for id_, audience in writer.ended.items():
        for reader in readers:
            answer = reader.http.get(f"{DOCUMENTS}/eclac/{id_}")
            told = (410, REASON) if audience in reader.sees else (404, None)
            assert (answer.status_code, answer.json().get("reason")) == told
    for reader in readers:
        anew = reader._replace(file=reader.file.with_suffix(".anew"))
        bring_up_to_date(anew.http, anew.file, ["document", "document-takedown"])
        ended = {key.split("/")[2]: record["reason"] for key, record in anew.copy.items() if "-takedown/" in key}
        assert ended == {id_: REASON for id_, audience in writer.ended.items() if audience in reader.sees}
        there = {key: record for key, record in anew.copy.items() if "-takedown/" not in key}
        assert there == reader.copy

"""Searchable truth. The index equals the databases; a command proves it, and another rebuilds it with no downtime."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from services.search.engine.interface import Query, Remove, Upsert, Visibility
from services.search.engine.tantivy import TantivyEngine
from tests.promises.desk import Editor, begin, found, made, running, visitor, weft
from weft.demo.local import LocalNode
from weft.demo.visitor import expect, until

KEPT, OTHER = 20, "ece/document/searched-7"


@pytest.fixture(scope="module")
def ece(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    (node,) = made(tmp_path_factory.mktemp("searchable"), "ece")
    with running(node):
        editor = Editor(node)
        for at in range(KEPT):
            editor.put(f"searched-{at}", f"Halcyon {at}")
        editor.put("deleted", "Halcyon, deleted")
        editor.put("draft", "Halcyon, a draft", status="draft", audience="local")
        editor.delete("deleted")
        until("all are found", lambda: hits(node, "editor") == KEPT + 1)
        yield node


def test_the_index_is_proven_equal_to_the_database(ece: LocalNode) -> None:
    code, told = weft("search", "verify", ece.folder)
    assert (code, told["equal"], told["documents"]) == (0, True, KEPT + 1)
    assert hits(ece, None) == KEPT


def test_what_was_changed_in_the_index_is_named_and_a_rebuild_mends_it_while_searches_are_answered(
    ece: LocalNode,
) -> None:
    ece.stop()
    tamper(ece)
    begin(ece)
    code, told = weft("search", "verify", ece.folder)
    assert code == 1
    assert told["missing"] == [OTHER]
    assert told["extra"] == ["ece/document/never-there"]
    assert told["stale"] == ["ece/document/searched-8"]
    with ThreadPoolExecutor(1) as pool:
        rebuilding = pool.submit(weft, "search", "rebuild", ece.folder)
        answered = 0
        while not rebuilding.done():
            assert hits(ece, None) >= KEPT - 2
            answered += 1
    assert rebuilding.result()[0] == 0
    assert answered > 3
    assert weft("search", "verify", ece.folder)[0] == 0
    assert hits(ece, None) == KEPT


def test_a_deleted_index_is_made_anew_at_the_next_start(ece: LocalNode) -> None:
    ece.stop()
    shutil.rmtree(ece.folder / "index")
    begin(ece)
    code, told = weft("search", "verify", ece.folder)
    assert (code, told["equal"], told["documents"]) == (0, True, KEPT + 1)
    assert found(ece, "halcyon", "searched-7")


def test_an_index_from_before_the_last_edits_is_not_taken_for_the_truth(ece: LocalNode) -> None:
    """As when the index comes from an older backup than the database."""
    ece.stop()
    shutil.copytree(ece.folder / "index", ece.folder / "older")
    begin(ece)
    Editor(ece).put("newest", "Halcyon, the newest")
    until("it is found", lambda: found(ece, "newest", "newest"))
    ece.stop()
    shutil.rmtree(ece.folder / "index")
    (ece.folder / "older").rename(ece.folder / "index")
    begin(ece)
    assert weft("search", "verify", ece.folder)[0] == 0
    assert found(ece, "newest", "newest")


def hits(node: LocalNode, role: str | None) -> int:
    answer = expect(visitor(node, role).get("/api/v1/search", params={"q": "halcyon", "limit": 1}))
    return int(answer.json()["total"])


def tamper(node: LocalNode) -> None:
    """Take one document out of a stopped node's index, alter one, and put one in that nobody wrote."""
    engine = TantivyEngine(node.folder / "index")
    gate = engine.latest()
    page = engine.query(Query(visibility=Visibility.EDITORS, limit=100))
    kept = {hit.document.key: hit.document for hit in page.hits}
    altered = changed(kept["ece/document/searched-8"], version=gate, title="Not what was written")
    invented = changed(altered, key="ece/document/never-there", id="never-there")
    engine.write([Remove(key=OTHER, version=gate), altered, invented])
    engine.close()


def changed(document: Upsert, **fields: object) -> Upsert:
    return type(document)(**{name: getattr(document, name) for name in document.__struct_fields__} | fields)

"""A node on PostgreSQL beside a node on SQLite: the same code, the same copies."""

from collections.abc import Iterator

import pytest

from tests.network.postgres import MISSING, Cluster, binaries
from tests.promises.desk import Editor, begin, editing, held, made, running, settle, weft
from weft.demo.local import LocalNode
from weft.demo.visitor import until

DATABASES = ("catalog", "indicators", "search", "sync", "gateway")
PROGRAMS = binaries()
pytestmark = [
    pytest.mark.network,
    pytest.mark.skipif(PROGRAMS is None, reason=MISSING),
]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    assert PROGRAMS
    made_ = Cluster(PROGRAMS)
    try:
        made_.start()
        made_.create(*DATABASES)
        yield made_
    finally:
        made_.remove()


@pytest.fixture(scope="module")
def nodes(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalNode, LocalNode]]:
    ece, eca = made(tmp_path_factory.mktemp("databases"), "ece", "eca")
    ece.environment["WEFT_DATABASE_URL"] = cluster.url("{service}")
    with running(ece, eca):
        yield ece, eca


def test_edits_travel_both_ways_and_all_copies_are_proven_equal(nodes: tuple[LocalNode, LocalNode]) -> None:
    ece, eca = nodes
    ours, theirs = Editor(ece), Editor(eca)
    for editor in (ours, theirs):
        for at in range(5):
            editor.put(f"record-{at}", f"Record {at}")
        editor.put("record-0", "Revised")
        editor.delete("record-1")
    settle(ours, eca)
    settle(theirs, ece)
    assert weft("sync", "verify", ece.folder)[0] == weft("sync", "verify", eca.folder)[0] == 0
    assert weft("search", "verify", ece.folder)[0] == 0


def test_nothing_is_kept_in_sqlite(nodes: tuple[LocalNode, LocalNode]) -> None:
    assert not list(nodes[0].folder.glob("*.db"))


def test_edits_acknowledged_before_postgresql_or_the_node_is_killed_survive_it(
    nodes: tuple[LocalNode, LocalNode], cluster: Cluster
) -> None:
    ece, eca = nodes
    editor = Editor(ece, dict(held(ece, "ece")))
    editor.put("before", "Before the end")
    cluster.kill()
    assert editor.send("during", "While PostgreSQL is down").status_code == 503
    cluster.start()
    until("edits are taken again", lambda: editor.send("after", "After the end").is_success)
    with editing(editor, "storm"):
        until("edits are under way", lambda: "storm-5" in editor.acknowledged)
        ece.kill()
    begin(ece)
    kept = held(ece, "ece")
    assert set(editor.shown) <= set(kept)
    assert kept["before"] == editor.acknowledged["before"]
    editor.acknowledged = dict(kept)
    settle(editor, eca)
    assert weft("sync", "verify", eca.folder)[0] == 0

"""Durable. A change that was acknowledged to an editor survives the loss of any process, of the broker's store and of
the index.
"""

import resource
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import text

from tests import databases
from tests.promises.desk import Editor, begin, editing, found, held, made, running, settle
from weft.database.engine import BUSY_SECONDS
from weft.demo.local import LocalNode
from weft.demo.visitor import until
from weft.protocol.names import Version

Pair = tuple[LocalNode, LocalNode]
NEVER = "0.00000000.0"


@pytest.fixture(scope="module")
def pair_of_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    ece, eca = made(tmp_path_factory.mktemp("durable"), "ece", "eca")
    with running(ece, eca):
        yield ece, eca


@pytest.fixture(scope="module")
def editor(pair_of_nodes: Pair) -> Editor:
    return Editor(pair_of_nodes[0])


def test_edits_acknowledged_before_a_kill_survive_it_and_the_loss_of_the_brokers_store_and_of_the_index(
    pair_of_nodes: Pair, editor: Editor
) -> None:
    ece, eca = pair_of_nodes
    with editing(editor, "storm"):
        until("edits are under way", lambda: len(editor.said) > 15)
        ece.kill()
    shutil.rmtree(ece.folder / "nats")
    shutil.rmtree(ece.folder / "index")
    begin(ece)
    assert_kept(editor)
    editor.acknowledged = held(ece, "ece")
    settle(editor, eca)
    until("the new index finds them", lambda: all(found(ece, "storm", id_) for id_ in editor.shown))


@pytest.mark.skipif(bool(databases.SERVER), reason="the files that would have to stop growing are PostgreSQL's")
def test_while_no_file_can_grow_an_edit_is_refused_and_everything_acknowledged_stays(
    pair_of_nodes: Pair, editor: Editor
) -> None:
    ece, eca = pair_of_nodes
    with full_disk(ece):
        answers = [editor.send(f"full-{at}", f"Full disk {at}") for at in range(5)]
        assert {answer.status_code for answer in answers} == {503}
        assert answers[0].headers["Content-Type"].startswith("application/problem+json")
    until("edits are taken again", lambda: editor.send("full-after", "There is room").is_success)
    assert_kept(editor)
    settle(editor, eca)


def test_while_another_process_holds_the_database_an_edit_is_refused_in_time_and_reads_go_on(
    pair_of_nodes: Pair, editor: Editor
) -> None:
    ece, eca = pair_of_nodes
    editor.put("locked", "Before the lock")
    with locked(ece, "catalog"):
        asked = time.monotonic()
        answer = editor.send("locked", "During the lock")
        assert answer.status_code == 503, answer.text
        assert BUSY_SECONDS <= time.monotonic() - asked < 3 * BUSY_SECONDS, (
            "it waits for one write before it, and itself"
        )
        assert_kept(editor)
    editor.put("locked", "After the lock")
    assert_kept(editor)
    settle(editor, eca)


def test_edits_acknowledged_before_an_ordered_stop_survive_it(pair_of_nodes: Pair, editor: Editor) -> None:
    ece, eca = pair_of_nodes
    with editing(editor, "stop"):
        until("edits are under way", lambda: "stop-9" in editor.acknowledged)
        assert ece.stop() == 0, "it came to its own end, not to that of the signal"
    with databases.opened(ece, "catalog") as database, database.reading() as session:
        assert session.connection().execute(text("SELECT count(*) FROM pending")).scalar_one() == 0
    begin(ece)
    assert_kept(editor)
    editor.acknowledged = held(ece, "ece")
    settle(editor, eca)


def assert_kept(editor: Editor) -> None:
    """Every document is there at the version that was acknowledged, or one later: an edit cut off may hold or not."""
    present = held(editor.node, editor.node.name)
    lost = [
        id_ for id_, version in editor.shown.items() if Version.parse(present.get(id_, NEVER)) < Version.parse(version)
    ]
    assert not lost


@contextmanager
def full_disk(node: LocalNode) -> Iterator[None]:
    """No file that the node's process writes may grow, as when the disk is full; what is there can be read."""
    assert node.pid
    before = resource.prlimit(node.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        yield
    finally:
        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def locked(node: LocalNode, service: str) -> Iterator[None]:
    """Another process, a backup perhaps, has a service's database for itself."""
    with databases.opened(node, service) as database, database.writing() as session:
        connection = session.connection()  # SQLite's whole file is locked from here on
        if not database.sqlite:
            connection.execute(text("LOCK TABLE own IN EXCLUSIVE MODE"))
        yield
        session.rollback()

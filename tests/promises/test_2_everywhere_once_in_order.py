"""Everywhere, once, in order. It reaches every approved peer's database and index exactly once in effect and in feed
order; in seconds when the link is up, by itself after any outage.
"""

import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from tests import databases
from tests.promises.desk import Editor, begin, editing, feed_status, found, held, made, running, settle, visitor
from weft.demo.local import LocalNode
from weft.demo.visitor import DOCUMENTS, until
from weft.protocol.names import Version

Pair = tuple[LocalNode, LocalNode]
FEED = "ece/catalog/network"
SECONDS_WHEN_UP = 5.0


@pytest.fixture(scope="module")
def pair_of_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    ece, eca = made(tmp_path_factory.mktemp("everywhere"), "ece", "eca")
    with running(ece, eca):
        yield ece, eca


@pytest.fixture(scope="module")
def editor(pair_of_nodes: Pair) -> Editor:
    return Editor(pair_of_nodes[0])


def test_a_change_is_read_and_found_at_the_peer_within_seconds(pair_of_nodes: Pair, editor: Editor) -> None:
    _, eca = pair_of_nodes
    for at in range(5):
        editor.put(f"quick-{at}", f"Quicksilver {at}")
        until("it is read and found", lambda at=at: here(eca, f"quick-{at}", "quicksilver"), SECONDS_WHEN_UP)


def test_a_reader_never_sees_a_record_go_back_and_ends_at_its_last_version(pair_of_nodes: Pair, editor: Editor) -> None:
    _, eca = pair_of_nodes
    client, seen = visitor(eca), []
    with editing(editor, "order", documents=2):
        while len(set(seen)) < 4:
            answer = client.get(f"{DOCUMENTS}/ece/order-0")
            if answer.is_success:
                seen.append(Version.parse(answer.json()["version"]))
    settle(editor, eca)
    assert seen == sorted(seen)
    assert held(eca, "ece")["order-0"] == editor.acknowledged["order-0"]


def test_a_deletion_arrives_and_is_gone_from_the_index(pair_of_nodes: Pair, editor: Editor) -> None:
    _, eca = pair_of_nodes
    editor.put("gone", "Evanescent")
    until("it is found", lambda: here(eca, "gone", "evanescent"))
    editor.delete("gone")
    settle(editor, eca)
    until("it is not found any more", lambda: not found(eca, "evanescent", "gone", "editor"))


def test_while_the_broker_hangs_changes_arrive_over_http(pair_of_nodes: Pair, editor: Editor) -> None:
    ece, eca = pair_of_nodes
    os.kill(broker(ece), signal.SIGSTOP)
    try:
        editor.put("hangs", "With a broker that says nothing")
        settle(editor, eca)
    finally:
        os.kill(broker(ece), signal.SIGCONT)


def test_a_reader_killed_amid_a_stream_of_changes_catches_up_by_itself(pair_of_nodes: Pair, editor: Editor) -> None:
    _, eca = pair_of_nodes
    with editing(editor, "reader"):
        until("changes arrive", lambda: "reader-3" in held(eca, "ece"))
        eca.kill()
        before = len(editor.said)
        until("changes are made meanwhile", lambda: len(editor.said) > before + 10)
        begin(eca)
    settle(editor, eca)
    until("all are found", lambda: all(found(eca, "reader", id_) for id_ in editor.shown if "reader" in id_))


def test_a_broker_killed_amid_a_stream_of_changes_is_started_again_and_nothing_is_missing(
    pair_of_nodes: Pair, editor: Editor
) -> None:
    ece, eca = pair_of_nodes
    with editing(editor, "broker"):
        until("changes are made", lambda: "broker-5" in editor.acknowledged)
        before = broker(ece)
        os.kill(before, signal.SIGKILL)
        until("the broker runs again", lambda: broker(ece) not in {before, 0} and answers(broker_port(ece)))
    settle(editor, eca)


def test_while_the_broker_is_away_changes_arrive_over_http(pair_of_nodes: Pair, editor: Editor) -> None:
    ece, eca = pair_of_nodes
    with broker_away(ece):
        editor.put("away", "Without a broker")
        settle(editor, eca)
    until("the broker runs again", lambda: answers(broker_port(ece)))


def test_after_all_of_this_every_change_was_applied_once_and_in_order(pair_of_nodes: Pair, editor: Editor) -> None:
    ece, eca = pair_of_nodes
    settle(editor, eca)
    sealed, received = chain(ece, "catalog"), chain(eca, "sync")
    assert len(received) > 10
    assert received == sealed[-len(received) :]
    assert [sequence for sequence, _ in sealed] == list(range(1, len(sealed) + 1))
    assert feed_status(eca, FEED)["behind_changes"] == 0
    assert position(eca, "sync") == position(eca, "search") == position(eca, "catalog") == position(ece, "catalog")


def here(node: LocalNode, id_: str, word: str) -> bool:
    return visitor(node).get(f"{DOCUMENTS}/ece/{id_}").is_success and found(node, word, id_)


def chain(node: LocalNode, service: str) -> list[tuple[int, str]]:
    """The commits of the feed that a service of a node has, in its order: sequence and hash."""
    return rows(
        node,
        service,
        "SELECT c.sequence, c.hash FROM commit_header c JOIN feed f ON f.number = c.feed WHERE f.name = :feed "
        "ORDER BY c.epoch, c.sequence",
    )


def position(node: LocalNode, service: str) -> int:
    """How many changes a service has applied, or sealed, since the feed began."""
    return int(rows(node, service, "SELECT position, 0 FROM feed WHERE name = :feed")[0][0])


def rows(node: LocalNode, service: str, query: str) -> list[tuple[int, str]]:
    with databases.opened(node, service) as database, database.reading() as session:
        return [tuple(line) for line in session.connection().execute(text(query), {"feed": FEED})]


def broker(node: LocalNode) -> int:
    """The broker's process; 0 while there is none to name."""
    try:
        pid = int((node.folder / "nats" / "server.pid").read_text())
    except (OSError, ValueError):
        return 0
    return pid if Path(f"/proc/{pid}/cmdline").exists() else 0


def broker_port(node: LocalNode) -> int:
    return node.operator.settings.nats_port


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def broker_away(node: LocalNode) -> Iterator[None]:
    """The broker is killed, and cannot come back while its port is taken."""
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end = time.monotonic() + 10
        while True:
            if pid := broker(node):
                os.kill(pid, signal.SIGKILL)
            try:
                taken.bind(("127.0.0.1", broker_port(node)))
                break
            except OSError:
                assert time.monotonic() < end
        yield

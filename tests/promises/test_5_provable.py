"""Provable. Two copies can be shown equal, or the differing keys named and mended, without resending everything."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.promises.desk import Editor, begin, made, running, settle, weft
from weft.demo.local import LocalNode

FEED = "ece/catalog/network"


@pytest.fixture(scope="module")
def pair_of_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalNode, LocalNode]]:
    ece, eca = made(tmp_path_factory.mktemp("provable"), "ece", "eca")
    with running(ece, eca):
        editor = Editor(ece)
        for at in range(10):
            editor.put(f"copy-{at}", f"To be proven {at}")
        settle(editor, eca)
        yield ece, eca


def test_equal_copies_are_proven_equal_from_their_rows_and_from_what_the_origin_says(
    pair_of_nodes: tuple[LocalNode, LocalNode],
) -> None:
    code, told = weft("sync", "verify", pair_of_nodes[1].folder)
    assert (code, told["equal"]) == (0, True)
    proven = {check["service"]: check for check in told["checks"] if check["feed"] == FEED}
    assert set(proven) == {"sync", "catalog", "search"}
    assert len({check["recounted"] for check in proven.values()}) == 1
    assert all(check["applied"] == check["holder"] != "0-0-0" for check in proven.values())


@pytest.mark.parametrize("service", ["sync", "catalog", "search"])
def test_a_row_altered_behind_a_services_back_is_found_and_named(
    pair_of_nodes: tuple[LocalNode, LocalNode], service: str
) -> None:
    _, eca = pair_of_nodes
    with altered(eca, service):
        code, told = weft("sync", "verify", eca.folder)
        assert (code, told["equal"]) == (1, False)
        wrong = {(check["service"], check["feed"]) for check in told["checks"] if not check["equal"]}
        assert (service, FEED) in wrong
        assert all(check["why"] for check in told["checks"] if not check["equal"])
    assert weft("sync", "verify", eca.folder)[0] == 0


class altered:  # noqa: N801  # read as a word: with altered(node, "sync")
    """One version in one row of a service's ledger is another one, written while the node is stopped; then mended."""

    def __init__(self, node: LocalNode, service: str) -> None:
        self._node = node
        self._service = service

    def __enter__(self) -> None:
        self._add(1)

    def __exit__(self, *_: object) -> None:
        self._add(-1)

    def _add(self, step: int) -> None:
        self._node.stop()
        with closing(sqlite3.connect(self._node.folder / f"{self._service}.db")) as database, database:
            change = "UPDATE ledger SET number = number + ? WHERE origin = 'ece' AND id = 'copy-3'"
            assert database.execute(change, (step,)).rowcount == 1
        begin(self._node)

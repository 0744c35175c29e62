"""Provable. Two copies can be shown equal, or the differing keys named and mended, without resending everything."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests import databases
from tests.promises.desk import Editor, begin, made, running, settle, weft
from weft.demo.local import LocalNode

FEED = "ece/catalog/network"
SERVICES = ("sync", "catalog", "search")


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
    assert set(proven) == set(SERVICES)
    assert len({check["recounted"] for check in proven.values()}) == 1
    assert all(check["applied"] == check["holder"] != "0-0-0" for check in proven.values())


def test_rows_altered_behind_the_services_backs_are_found_and_their_keys_named(
    pair_of_nodes: tuple[LocalNode, LocalNode],
) -> None:
    _, eca = pair_of_nodes
    alter(eca, 1)
    code, told = weft("sync", "verify", eca.folder)
    assert (code, told["equal"]) == (1, False)
    wrong = {(check["service"], check["feed"]): check["why"] for check in told["checks"] if not check["equal"]}
    assert set(wrong) == {(service, FEED) for service in SERVICES}
    assert set(wrong.values()) == {"the rows here do not add up to the digest that is kept"}
    named = {check["service"]: check["keys"] for check in told["checks"] if not check["equal"]}
    assert named == {service: ["differing ece/document/copy-3"] for service in SERVICES}
    alter(eca, -1)
    assert weft("sync", "verify", eca.folder)[0] == 0


def alter(node: LocalNode, step: int) -> None:
    """Change one version in one row of each service's ledger, each by another step, while the node is stopped."""
    node.stop()
    for times, service in enumerate(SERVICES, 1):
        with databases.opened(node, service) as database, database.writing() as session:
            change = text("UPDATE ledger SET number = number + :step WHERE origin = 'ece' AND id = 'copy-3'")
            assert session.connection().execute(change, {"step": step * times}).rowcount == 1
    begin(node)

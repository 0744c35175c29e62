"""A node of six processes, one for each part, beside an ordinary node: together they do what one process does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.network.split import SERVICES, SplitNode
from tests.promises.desk import Editor, arrived, begin, found, held, made, settle, visitor
from weft.demo.local import LocalNode, pair
from weft.demo.visitor import DOCUMENTS, until

ANSWERS = {
    "catalog": DOCUMENTS,
    "indicators": "/api/v1/series",
    "search": "/api/v1/search?q=word",
    "sync": "/api/v1/network",
}
pytestmark = [pytest.mark.network, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SplitNode, LocalNode]]:
    folder: Path = tmp_path_factory.mktemp("split")
    ece, eca = made(folder, "ece", "eca")
    apart = SplitNode(ece)
    try:
        apart.start()
        begin(eca)
        pair([ece, eca])
        yield apart, eca
    finally:
        apart.kill()
        eca.kill()


@pytest.fixture(scope="module")
def editors(split: tuple[SplitNode, LocalNode]) -> tuple[Editor, Editor]:
    return Editor(split[0].node), Editor(split[1])


def test_edits_travel_both_ways_and_are_found(
    split: tuple[SplitNode, LocalNode], editors: tuple[Editor, Editor]
) -> None:
    apart, eca = split
    ours, theirs = editors
    ours.put("from-parts", "Sextant")
    theirs.put("from-one", "Astrolabe")
    settle(ours, eca)
    settle(theirs, apart.node)
    until("ECA finds it", lambda: found(eca, "sextant", "from-parts"))
    until("the node of parts finds both", lambda: found(apart.node, "sextant", "from-parts"))
    until("the node of parts finds both", lambda: seen_by_search(apart.node, "astrolabe"))


@pytest.mark.parametrize("dead", SERVICES)
def test_while_a_service_is_dead_the_others_answer_and_its_return_mends_everything(
    split: tuple[SplitNode, LocalNode], editors: tuple[Editor, Editor], dead: str
) -> None:
    apart, eca = split
    ours, theirs = editors
    apart.kill(dead)
    for service, path in ANSWERS.items():
        answer = visitor(apart.node).get(path)
        if service == dead:
            assert answer.status_code == 503
            assert answer.json()["code"] == "service-down"
            assert answer.headers["Content-Type"] == "application/problem+json"
        else:
            assert answer.status_code == 200, f"{path} while {dead} is dead"
    theirs.put(f"while-{dead}", f"While {dead} is dead")
    if dead != "catalog":
        ours.put(f"while-{dead}", f"While {dead} is dead")
    apart.start(dead)
    settle(ours, eca)
    settle(theirs, apart.node)
    until("the node of parts finds what came meanwhile", lambda: seen_by_search(apart.node, f'"while {dead}"'))


def test_without_its_broker_a_node_takes_edits_and_they_arrive(
    split: tuple[SplitNode, LocalNode], editors: tuple[Editor, Editor]
) -> None:
    apart, eca = split
    ours, _ = editors
    apart.kill("broker")
    ours.put("no-broker", "Without a broker")
    settle(ours, eca)
    apart.start("broker")
    ours.put("no-broker", "With a broker again")
    settle(ours, eca)


def test_a_node_killed_whole_comes_back_with_all_that_was_acknowledged(
    split: tuple[SplitNode, LocalNode], editors: tuple[Editor, Editor]
) -> None:
    apart, eca = split
    ours, theirs = editors
    ours.put("last", "The last before the end")
    apart.kill()
    apart.start()
    assert held(apart.node, "ece") == ours.shown
    until("copies are equal both ways", lambda: arrived(ours, eca) and arrived(theirs, apart.node), 60)


def seen_by_search(node: LocalNode, words: str) -> bool:
    """Whether a node's search finds something of ECA's."""
    answer = visitor(node).get("/api/v1/search", params={"q": words, "origin": "eca"})
    return answer.is_success and answer.json()["total"] > 0

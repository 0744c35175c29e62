"""Two workers of one service on one database: both are written to at once, and one is killed while it is on duty.

Whatever dies, each feed stays one chain, and what was acknowledged is in it once.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, pairwise

import httpx
import pytest
from sqlalchemy import text

from tests import databases
from tests.network.split import SplitNode
from tests.promises.desk import document, held, made, repeated, weft
from weft.demo.local import LocalNode, pair
from weft.demo.visitor import DOCUMENTS, until
from weft.identity import Caller, Role
from weft.keys import NodeKeys
from weft.origin.duty import LEASE_SECONDS, LOOK_SECONDS
from weft.passport import Passports
from weft.protocol import statements
from weft.protocol.names import NETWORK, Epoch, Feed, Version
from weft.protocol.statements import Header

pytestmark = [pytest.mark.network, pytest.mark.timeout(240)]
OTHER = "catalog-2"
HANDS = count()
CAUGHT_UP_SECONDS = 90
"""A peer that found the door shut for a while pauses before it knocks again."""
TAKEN_OVER_SECONDS = LEASE_SECONDS + LOOK_SECONDS + 3
"""The lease runs out, somebody looks, and seals; on a machine that has other things to do."""


class Hand:
    """An editor at one worker's own door, who goes on until the end; an edit that nobody answered ends it."""

    def __init__(self, apart: SplitNode, worker: str) -> None:
        passports = Passports(NodeKeys.open(apart.node.folder).internal)
        self._issue = lambda: passports.issue(Caller("ana", Role.EDITOR))
        self._http = httpx.Client(base_url=apart.url(worker), timeout=20)
        self._name = f"{worker}-{next(HANDS)}"
        self.acknowledged: dict[str, str] = {}
        self.versions: list[tuple[str, str]] = []

    def put(self, id_: str, title: str) -> None:
        """Create or revise, on top of what is there now; when another hand was quicker this edit is none."""
        path, by = f"{DOCUMENTS}/ece/{id_}", {"Weft-Caller": self._issue()}
        present = self._http.get(path, headers=by).headers.get("ETag", "")
        match = {"If-Match": present} if present else {"If-None-Match": "*"}
        answer = self._http.put(path, json=document(title), headers=by | match)
        if answer.status_code != 412:
            answer.raise_for_status()
            self.acknowledged[id_] = version = answer.headers["ETag"].strip('"')
            self.versions.append((id_, version))

    @contextmanager
    def busy(self, shared: int = 5) -> Iterator[None]:
        """Writing records of its own, and some that the other hand writes too."""

        def work(at: int) -> None:
            self.put(f"{self._name}-{at}", f"{self._name}, {at}")
            self.put(f"shared-{at % shared}", f"{self._name}, {at}")

        with repeated(work, ended_by=httpx.TransportError):
            yield


@pytest.fixture(scope="module")
def nodes(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SplitNode, LocalNode]]:
    folder = tmp_path_factory.mktemp("workers")
    ece = LocalNode("ece", folder / "ece", settings=databases.of_node(server))
    ece.make()
    (eca,) = made(folder, "eca")
    apart = SplitNode(ece, more=(OTHER,))
    try:
        eca.start()
        apart.start()
        eca.wait_ready()
        pair([ece, eca])
        yield apart, eca
    finally:
        apart.kill()
        eca.kill()


def ready(apart: SplitNode, *workers: str) -> None:
    def answers(worker: str) -> bool:
        try:
            return httpx.get(f"{apart.url(worker)}/readyz").is_success
        except httpx.TransportError:
            return False

    for worker in workers:
        until(f"{worker} is ready", lambda worker=worker: answers(worker))


def on_duty(node: LocalNode) -> str:
    """Who is on duty, by the name on the lease."""
    with databases.opened(node, "catalog") as database, database.reading() as session:
        return str(session.connection().execute(text("SELECT holder FROM lease")).scalar_one())


def alone_on_duty(apart: SplitNode, worker: str) -> str:
    """Bring it about that this worker is on duty; the other one is not running. Its name on the lease."""
    ready(apart, "catalog", OTHER)
    apart.kill("catalog", OTHER)
    before = on_duty(apart.node)
    apart.start(worker)
    until("it is on duty", lambda: on_duty(apart.node) not in ("", before), TAKEN_OVER_SECONDS + 20)
    return on_duty(apart.node)


def pending(node: LocalNode) -> int:
    with databases.opened(node, "catalog") as database, database.reading() as session:
        return int(session.connection().execute(text("SELECT count(*) FROM pending")).scalar_one())


def headers(node: LocalNode, feed: Feed) -> list[tuple[str, Header]]:
    """The commits of a feed in its order: hash and header."""
    query = (
        "SELECT c.hash, c.header FROM commit_header c JOIN feed f ON f.number = c.feed WHERE f.name = :feed "
        "ORDER BY c.sequence"
    )
    with databases.opened(node, "catalog") as database, database.reading() as session:
        lines = session.connection().execute(text(query), {"feed": str(feed)}).all()
    return [(line.hash, statements.decode(Header, bytes(line.header))) for line in lines]


def assert_one_chain(node: LocalNode, hands: list[Hand]) -> None:
    """No sequence twice or missing, each commit after the one before, versions rising, and every edit sealed once."""
    said = {edit for hand in hands for edit in hand.versions}
    assert len(said) == sum(len(hand.versions) for hand in hands), "a version was given twice"
    chain = headers(node, Feed("ece", "catalog", NETWORK))
    assert [header.sequence for _, header in chain] == list(range(1, len(chain) + 1))
    assert all(after.previous == hash_ for (hash_, _), (_, after) in pairwise(chain))
    assert all(Epoch.parse(before.epoch) <= Epoch.parse(after.epoch) for (_, before), (_, after) in pairwise(chain))
    last: dict[str, Version] = {}
    for change in (change for _, header in chain for change in header.changes):
        assert change.id not in last or last[change.id] < change.version
        last[change.id] = change.version
    for id_, version in said:
        assert Version.parse(version) <= last[id_], f"{id_} at {version} was never sealed"


def test_both_workers_are_written_to_and_the_one_on_duty_is_killed(nodes: tuple[SplitNode, LocalNode]) -> None:
    apart, eca = nodes
    first_on_duty = alone_on_duty(apart, "catalog")
    apart.start(OTHER)
    ready(apart, OTHER)
    hands = [Hand(apart, "catalog"), Hand(apart, OTHER)]
    with hands[0].busy(), hands[1].busy():
        until("both are under way", lambda: all(len(hand.versions) > 20 for hand in hands))
        assert on_duty(apart.node) == first_on_duty, "the second worker does not take the duty from the first"
        apart.kill("catalog")
        killed = time.monotonic()
        written = len(hands[1].versions)
        until("the other one seals", lambda: on_duty(apart.node) not in ("", first_on_duty), TAKEN_OVER_SECONDS)
        taken_over = time.monotonic() - killed
        until("it goes on writing", lambda: len(hands[1].versions) > written + 20)
    until("all is sealed", lambda: pending(apart.node) == 0)
    assert taken_over < TAKEN_OVER_SECONDS
    assert_one_chain(apart.node, hands)

    apart.start("catalog")
    ready(apart, "catalog")
    shown = held(apart.node, "ece")
    for hand in hands:
        for id_, version in hand.acknowledged.items():
            assert Version.parse(version) <= Version.parse(shown[id_])
    until("the peer has the same", lambda: held(eca, "ece") == shown, CAUGHT_UP_SECONDS)
    assert weft("sync", "verify", eca.folder)[0] == 0


def test_both_go_on_when_a_third_start_begins_an_epoch_meanwhile(nodes: tuple[SplitNode, LocalNode]) -> None:
    apart, eca = nodes
    ready(apart, "catalog", OTHER)
    hands = [Hand(apart, "catalog"), Hand(apart, OTHER)]
    with hands[0].busy():
        with hands[1].busy():
            until("both are under way", lambda: all(len(hand.versions) > 10 for hand in hands))
            apart.kill(OTHER)
        apart.start(OTHER)
        ready(apart, OTHER)
        hands.append(Hand(apart, OTHER))
        with hands[2].busy():
            until("the new one is under way", lambda: len(hands[2].versions) > 10)
    epochs = {Version.parse(version).epoch for _, version in hands[0].versions}
    assert len(epochs) > 1, "the worker that went on takes up the epoch of the one that began"
    until("all is sealed", lambda: pending(apart.node) == 0)
    assert_one_chain(apart.node, hands)
    until("the peer has the same", lambda: held(eca, "ece") == held(apart.node, "ece"), CAUGHT_UP_SECONDS)
    assert weft("sync", "verify", eca.folder)[0] == 0


def test_an_edit_at_the_worker_off_duty_is_sealed_without_waiting_for_anybody_to_look(
    nodes: tuple[SplitNode, LocalNode],
) -> None:
    apart, _ = nodes
    ready(apart, "catalog", OTHER)
    hands = [Hand(apart, "catalog"), Hand(apart, OTHER)]
    slow = 0.0
    for at in range(10):
        for hand in hands:
            hand.put(f"alone-{at}", f"Alone {at}")
            asked = time.monotonic()
            until("it is sealed", lambda: pending(apart.node) == 0)
            slow += time.monotonic() - asked
    assert slow < 20 * 0.4, "a hint over the broker brings it to the worker on duty"

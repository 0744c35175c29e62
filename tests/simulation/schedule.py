"""A schedule: what happens in a run, drawn from its seed. The same seed gives the same trace.

Over 300 lines, so that all that can happen to a network stands in one place.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from sqlmodel import Session

from tests.simulation import checks
from tests.simulation.follower import Follower
from tests.simulation.network import Faults
from tests.simulation.origin import Edit
from tests.simulation.world import World
from weft.journal import record, seal
from weft.journal.incarnation import Incarnation
from weft.log import serve
from weft.protocol import snapshots
from weft.protocol.guard import Guard


class Result(NamedTuple):
    seed: int
    violations: list[str]
    trace: list[str]


@contextmanager
def small(seed: int) -> Iterator[None]:
    """Limits so small that a few records need several commits, pages and segments."""
    page = 1 + seed % 3
    places = ((seal, "CHANGES_PER_COMMIT", 3), (snapshots, "ENTRIES_PER_SEGMENT", 2), (serve, "PAGE_COMMITS", page))
    before = [(module, name, getattr(module, name)) for module, name, _ in places]
    for module, name, value in places:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


def run(seed: int, *, verbose: bool = False) -> Result:
    """One schedule, from empty databases to the verdict."""
    with small(seed):
        schedule = Schedule(seed, verbose=verbose)
        try:
            try:
                schedule.happen()
            except Exception as error:  # what the product does not expect is a broken promise of its own
                if verbose:
                    raise
                schedule.world.oracle.accuses(f"raised {type(error).__name__}: {error}"[:300])
            return Result(seed, schedule.world.oracle.violations, schedule.world.trace)
        finally:
            schedule.world.close()


class Schedule:
    def __init__(self, seed: int, *, verbose: bool = False) -> None:
        self.rng = rng = random.Random(seed)
        size = rng.choice((3, 3, 3, 3, 3, 3, 4, 5))
        faults = Faults(*(rng.choice((0.0, 0.05, 0.25)) for _ in range(3)))
        guard = Guard(0.0, rng.choice((0, 1, 3, 100)))
        self.world = World(rng, size, faults, guard, verbose=verbose)
        self.crashes = rng.choice((0, 2, 5))
        self.restores = rng.random() < 0.4
        self.steps = rng.randint(25, 45)
        self.busy = rng.choice(self.world.names)
        self._records = 0
        self._bodies = 0
        for origin in self.world.names:
            for reader in self.world.names:
                if reader != origin and rng.random() < 0.75:
                    self.world.admit(origin, reader)

    def happen(self) -> None:
        world, oracle = self.world, self.world.oracle
        actions = self._actions()
        names, weights = [name for name, _, _ in actions], [weight for _, weight, _ in actions]
        steps = {name: step for name, _, step in actions}
        for _ in range(self.steps):
            world.seconds += self.rng.choice((0.1, 5.0, 900.0))
            steps[self.rng.choices(names, weights)[0]]()
            if oracle.violations:
                return
        self._decide_members()
        world.note("settle")
        world.settle()
        for violation in [] if oracle.violations else checks.broken(world):
            oracle.accuses(violation)

    def _actions(self) -> Sequence[tuple[str, float, Callable[[], None]]]:
        disaster = 3 if self.restores else 0
        return (
            ("edit", 30, self._edit),
            ("seal", 14, self._seal),
            ("sync looks", 16, lambda: self._look(self.world.syncs)),
            ("reader looks", 12, lambda: self._look(self.world.readers)),
            ("deliver", 6, self._deliver),
            ("broker", 8, self._broker),
            ("crash", self.crashes, self._crash),
            ("start", 4, self._start),
            ("partition", 2, self._partition),
            ("broker loses", 1, self._broker_loses),
            ("admit", 4, self._admit),
            ("remove", 2, self._remove),
            ("wipe", 0.6, self._wipe),
            ("back up", disaster, self._back_up),
            ("restore", disaster, self._restore),
            ("recover", disaster, self._recover),
            ("half read", disaster, self._half_read),
            ("operator", 1, self._operator),
        )

    def _name(self) -> str:
        return self.rng.choice(self.world.names)

    def _origin(self) -> str:
        """Most happens at one origin, so that much happens to each of its records."""
        return self.busy if self.rng.random() < 0.7 else self._name()

    # ---- editors -------------------------------------------------------------------------------------------------
    def _edit(self) -> None:
        self._edits(self._origin())

    def _edits(self, origin: str) -> None:
        if not self.world.origins[origin].running:
            return
        edits: dict[str, tuple[str, tuple[str, ...], bytes, Edit]] = {}
        for _ in range(self.rng.choice((1, 1, 2, 3, 5))):
            one = self._one_edit(origin)
            edits.setdefault(one[0], one)
        for id_, audience, body, _ in edits.values():
            self.world.note(f"{origin}: {id_} {' '.join(audience) or 'deleted'} {body[-14:].decode()}")
        self.world.edit(origin, list(edits.values()))

    def _one_edit(self, origin: str) -> tuple[str, tuple[str, ...], bytes, Edit]:
        truth = self.world.oracle.truth[origin]
        present = sorted(id_ for id_, fact in truth.items() if fact.audience)
        kinds = ("new", "revise", "audience", "delete", "undelete")
        kind = self.rng.choices(kinds, (4, 4, 4, 3, 2))[0] if len(present) > 1 else "new"
        if kind == "undelete" and (back := self._undelete(origin)) is not None:
            return back
        if kind in {"new", "undelete"}:
            self._records += 1
            return self._put(origin, f"k-{origin}-{self._records}", self._audience(origin))
        id_ = self.rng.choice(present)
        if kind == "delete":
            wait = self.rng.choice((0, 0, 10, 3600))
            return (
                id_,
                (),
                b"",
                lambda session, us: record.delete(
                    session, us, "document", id_, record.Condition.ANY, undo_seconds=wait
                ),
            )
        audience = self._audience(origin) if kind == "audience" else truth[id_].audience
        return self._put(origin, id_, audience)

    def _undelete(self, origin: str) -> tuple[str, tuple[str, ...], bytes, Edit] | None:
        """Take back a deletion that has not been sealed: the record is what it was, to the byte."""
        taken = self.world.oracle.taken
        found = {
            id_: fact
            for id_, version in self.world.origins[origin].deleted().items()
            if (fact := taken.get((origin, id_, version))) is not None
        }
        if not found:
            return None
        id_ = self.rng.choice(sorted(found))
        fact = found[id_]
        return id_, fact.audience, fact.body, lambda session, us: record.undelete(session, us, "document", id_)

    def _put(self, origin: str, id_: str, audience: tuple[str, ...]) -> tuple[str, tuple[str, ...], bytes, Edit]:
        self._bodies += 1
        body = f"a brief ~{origin}.{id_.rsplit('-', 1)[1]}.{self._bodies}~".encode()
        draft = record.Draft("document", id_, body, audience)

        def work(session: Session, us: Incarnation) -> record.Written:
            return record.put(session, us, draft, record.Condition.ANY)

        return id_, audience, body, work

    def _audience(self, origin: str) -> tuple[str, ...]:
        process = self.world.origins[origin]
        members = [] if process.recovering else sorted(self.world.oracle.members[origin])
        kind = self.rng.choices(("network", "local", "one", "several"), (4, 2, 3, 2))[0]
        if kind == "network" or (kind != "local" and not members):
            return ("network",)
        if kind == "local":
            return ("local",)
        return tuple(sorted(self.rng.sample(members, 1 if kind == "one" else self.rng.randint(1, len(members)))))

    # ---- the way of a change -------------------------------------------------------------------------------------
    def _seal(self) -> None:
        self._seals(self._origin())

    def _seals(self, origin: str) -> None:
        process = self.world.origins[origin]
        self.world.note(f"{origin}: seal")
        if process.running:
            with self.world.mishaps():
                for _ in range(self.rng.choice((1, 1, 5))):
                    if not process.seal():
                        break

    def _look(self, followers: dict[str, Follower]) -> None:
        follower = followers[self._name()]
        self.world.note(f"{follower.name}: look")
        for _ in range(self.rng.choice((1, 1, 3))):
            self.world.looks(follower)

    def _deliver(self) -> None:
        for _ in range(self.rng.choice((1, 3))):
            self.world.network.deliver()

    def _broker(self) -> None:
        name = self._name()
        feeds = self.world.syncs[name].feeds()
        for _ in range(self.rng.choice((2, 6))):
            self.world.hears(name, self.rng.choice(feeds))

    # ---- mishaps -------------------------------------------------------------------------------------------------
    def _crash(self) -> None:
        process = self.rng.choice(self.world.processes())
        process.fuse = self.rng.randint(0, 6)

    def _start(self) -> None:
        process = self.rng.choice([process for process in self.world.processes() if not process.running] or [None])
        if process is None and self.crashes:
            process = self.rng.choice(self.world.processes())
            self.world.note(f"{process.name}: restart")
            process.stop()
        if process is not None:
            self.world.note(f"{process.name}: start")
            self.world.start(process)

    def _partition(self) -> None:
        pair = frozenset(self.rng.sample(self.world.names, 2))
        self.world.note(
            f"the link of {' and '.join(sorted(pair))} {'mends' if pair in self.world.network.parted else 'breaks'}"
        )
        self.world.network.parted ^= {pair}

    def _broker_loses(self) -> None:
        name = self._name()
        broker = self.world.brokers[name]
        feed = self.rng.choice(self.world.syncs[self.world.names[0]].feeds())
        messages = self.world.brokers[feed.origin].messages(feed)
        if messages and self.rng.random() < 0.5:
            self.world.note(f"the broker of {feed.origin} loses one message of {feed}")
            self.world.brokers[feed.origin].erase(feed, self.rng.choice(messages).sequence)
        else:
            self.world.note(f"the broker of {name} loses everything")
            broker.lose_everything()

    # ---- peers come and go ---------------------------------------------------------------------------------------
    def _pair(self, *, approved: bool) -> tuple[str, str] | None:
        found = [
            (origin, reader)
            for origin, process in self.world.origins.items()
            for reader in self.world.names
            if reader != origin
            and process.running
            and not process.recovering
            and self.world.approved(origin, reader) == approved
        ]
        return self.rng.choice(found) if found else None

    def _admit(self) -> None:
        """Often right after edits that nobody has sealed yet: admission is a point in the journal."""
        pair = self._pair(approved=False)
        if pair is not None and self.rng.random() < 0.6:
            self._edits(pair[0])
        if pair is not None and self.world.origins[pair[0]].running:
            self.world.note(f"{pair[0]}: admit {self.world.identities[pair[1]]}")
            self.world.admit(*pair)

    def _remove(self) -> None:
        if pair := self._pair(approved=True):
            self.world.note(f"{pair[0]}: remove {pair[1]}")
            self.world.remove(*pair)

    def _wipe(self) -> None:
        name = self._name()
        self.world.note(f"{name} is installed anew")
        self.world.wipe(name)

    def _decide_members(self) -> None:
        """Before the network settles: most peers are approved in the end, some for the first time."""
        for process in self.world.processes():
            process.fuse = None
            if not process.running:
                self.world.start(process)
        for origin in self.world.names:
            if self.world.origins[origin].recovering:
                self.world.recover(origin, patience=self.rng.choice((0.0, 0.5, 1.0)))
        while self.rng.random() < 0.7 and (pair := self._pair(approved=False)):
            self.world.note(f"{pair[0]}: admit {self.world.identities[pair[1]]}")
            self.world.admit(*pair)

    # ---- disasters -----------------------------------------------------------------------------------------------
    def _back_up(self) -> None:
        origin = self._origin()
        self.world.note(f"{origin}: back up")
        self.world.back_up(origin)

    def _restore(self) -> None:
        if self.world.backups:
            origin = self.rng.choice(sorted(self.world.backups))
            if self.rng.random() < 0.7:
                self._goes_on(origin)
            self.world.note(f"{origin}: restore")
            self.world.restore(origin)
            if self.rng.random() < 0.5:
                self._recover()

    def _goes_on(self, origin: str) -> None:
        """What the old copy does not know: edits that some peers have heard of, when the disaster comes."""
        for _ in range(3):
            self._edits(origin)
            self._seals(origin)
            sync = self.world.syncs[self._name()]
            if self.rng.random() < 0.8:
                self.world.note(f"{sync.name}: look")
                self.world.looks(sync)

    def _half_read(self) -> None:
        """A record changes twice after a back-up, and a peer reads the first change alone: its body is gone by then."""
        origin = self.busy
        present = sorted(id_ for id_, fact in self.world.oracle.truth[origin].items() if fact.audience)
        if not present or not self.world.origins[origin].running or self.world.origins[origin].recovering:
            return
        id_ = self.rng.choice(present)
        for back_up in self.rng.choice(((True, False), (False, True), (False, False))):
            one = self._put(origin, id_, ("network",))
            self.world.note(f"{origin}: {id_} network {one[2][-14:].decode()}")
            self.world.edit(origin, [one])
            self._seals(origin)
            if back_up:
                self.world.note(f"{origin}: back up")
                self.world.back_up(origin)
        self._look(self.world.syncs)

    def _recover(self) -> None:
        for origin, process in self.world.origins.items():
            if process.running and process.recovering:
                self.world.recover(origin, patience=self.rng.choice((0.0, 0.0, 0.5, 1.0)))

    def _operator(self) -> None:
        self.world.note("an operator lets deletions through")
        self.world.let_deletions_through()

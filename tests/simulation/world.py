"""The simulated network of nodes: what can be done to it, one step at a time, and how it settles."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from tests.simulation import branches, checks, losses, recovery, store
from tests.simulation.broker import Broker
from tests.simulation.follower import Follower
from tests.simulation.network import Faults, Network
from tests.simulation.oracle import Fact, Oracle
from tests.simulation.origin import SERVICE, Edit, Origin
from tests.simulation.process import Crash, Process
from tests.simulation.store import connection
from weft.clock import stamp
from weft.journal.record import Written
from weft.log import feeds
from weft.protocol.guard import Guard
from weft.protocol.names import NETWORK, START, Feed
from weft.protocol.signing import SigningKey, VerifyKey

NAMES = ("eca", "ece", "eclac", "escap", "escwa")
ROUNDS = 60
"""The network settles within so many rounds, or something hangs."""


class World:
    def __init__(self, rng: random.Random, size: int, faults: Faults, guard: Guard, *, verbose: bool = False) -> None:
        self.rng = rng
        self.names = NAMES[:size]
        self.guard = guard
        self.verbose = verbose
        self.seconds = 0.0
        self.boundaries = 0
        self.trace: list[str] = []
        self.oracle = Oracle()
        self.network = Network(rng, self.oracle, faults)
        self.identities = {name: f"{name}-1" for name in self.names}
        self.brokers = {name: Broker() for name in self.names}
        self.origins = {name: Origin(self, name) for name in self.names}
        self.sync_keys = {name: SigningKey(rng.randbytes(32)) for name in self.names}
        self.syncs = {name: self._follower(name, None) for name in self.names}
        self.readers = {name: self._follower(name, guard) for name in self.names}
        self.backups: dict[str, sqlite3.Connection] = {}
        self.losses = losses.Losses(self)
        for process in self.processes():
            process.start()

    def close(self) -> None:
        for process in self.processes():
            store.give_back(process.database)

    def _follower(self, name: str, guard: Guard | None) -> Follower:
        return Follower(self, name, self.identities[name], self.sync_keys[name], guard)

    def processes(self) -> list[Process]:
        return [*self.origins.values(), *self.syncs.values(), *self.readers.values()]

    def followers(self) -> list[Follower]:
        return [*self.syncs.values(), *self.readers.values()]

    def note(self, line: str) -> None:
        self.trace.append(line)
        if self.verbose:
            print(f"{len(self.trace):4} {line}")

    def now(self) -> str:
        return stamp(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds))

    def keys_of(self, origin: str) -> dict[str, VerifyKey]:
        public = self.origins[origin].key.public
        return {public.fingerprint: public}

    def approved(self, origin: str, reader: str) -> bool:
        return self.oracle.members[origin].get(reader) == self.identities[reader]

    @contextmanager
    def mishaps(self) -> Iterator[None]:
        """A process may stop in here; it stays stopped until somebody starts it again."""
        try:
            yield
        except Crash as crash:
            self.note(f"  {crash.process.name} stops {'after' if crash.committed else 'before'} a commit")
            crash.process.stop()

    # ---- editors and operators -----------------------------------------------------------------------------------
    def edit(self, origin: str, edits: Sequence[tuple[str, tuple[str, ...], bytes, Edit]]) -> None:
        written: list[Written] = []
        with self.mishaps():
            try:
                self.origins[origin].edit([work for *_, work in edits], written)
            except Crash as crash:
                if not crash.committed:
                    written.clear()
                self._acknowledged(origin, edits, written)
                raise
            self._acknowledged(origin, edits, written)

    def _acknowledged(
        self, origin: str, edits: Sequence[tuple[str, tuple[str, ...], bytes, Edit]], written: list[Written]
    ) -> None:
        for (id_, audience, body, _), done in zip(edits, written, strict=False):
            version = (int(done.version.epoch), done.version.number)
            self.oracle.acknowledges(origin, id_, Fact(version, audience, body))

    def admit(self, origin: str, reader: str) -> None:
        identity = self.identities[reader]
        with self.mishaps():
            try:
                self.origins[origin].admit(reader, identity)
            except Crash as crash:
                if crash.committed:
                    self.oracle.admits(origin, reader, identity)
                raise
            self.oracle.admits(origin, reader, identity)

    def remove(self, origin: str, reader: str) -> None:
        with self.mishaps():
            try:
                self.origins[origin].remove(reader)
            except Crash as crash:
                if crash.committed:
                    self.oracle.removes(origin, reader)
                raise
            self.oracle.removes(origin, reader)

    def wipe(self, name: str) -> None:
        """The node is installed anew as a reader: other databases, another identity under the same name."""
        for processes in (self.syncs, self.readers):
            processes[name].stop()
            store.give_back(processes[name].database)
        number = int(self.identities[name].split("-")[1]) + 1
        self.identities[name] = f"{name}-{number}"
        self.syncs[name] = self._follower(name, None)
        self.readers[name] = self._follower(name, self.guard)
        self.syncs[name].start()
        self.readers[name].start()

    def start(self, process: Process) -> None:
        with self.mishaps():
            process.start()
            if isinstance(process, Origin):
                self.oracle.reloads(process)

    # ---- disasters -----------------------------------------------------------------------------------------------
    def back_up(self, origin: str) -> None:
        self.backups[origin] = store.copy(self.origins[origin].database)

    def restore(self, origin: str) -> None:
        """An old copy takes the place of an origin's database; the operator says so, and the origin is recovering."""
        process = self.origins[origin]
        self.losses.before_restoring(origin)
        process.stop()
        store.load(process.database, self.backups[origin])
        with process.writing() as session:
            recovery.restored(session)
        self.oracle.restores(process)
        self.losses.after_restoring(origin)
        self.start(process)

    def recover(self, origin: str, *, patience: float = 1.0) -> None:
        """Ask the peers that can be reached, or those who answer in time; the operator says yes where there is none."""
        process = self.origins[origin]
        peers = [
            name
            for name in self.names
            if self.approved(origin, name) and self.syncs[name].running and self.network.reachable(origin, name)
            if patience == 1.0 or self.rng.random() < patience
        ]
        tellings = [telling for name in peers for telling in self._told(process, name)]
        self.note(f"  {origin} recovers with {', '.join(peers) or 'nobody'}")
        with self.mishaps():
            try:
                process.recover(tellings, dict(self.oracle.members[origin]))
            finally:
                self.oracle.reloads(process)

    def _told(self, process: Origin, peer: str) -> Iterator[recovery.Telling]:
        for audience in (NETWORK, peer):
            feed = Feed(process.node, SERVICE, audience)
            with process.reading() as session:
                row = feeds.find(session, feed)
                after = row.cursor if row else START
            with self.syncs[peer].reading() as session:
                theirs = feeds.find(session, feed)
                if theirs is None:
                    continue
                common = branches.newest_known(session, feed, [after]) if not theirs.staged else START
                commits = branches.kept_after(session, theirs, after) if common == after else []
                yield recovery.Telling(audience, theirs.cursor, commits)

    # ---- time goes on --------------------------------------------------------------------------------------------
    def looks(self, follower: Follower) -> None:
        """A look at every feed that has news by a hint, and now and then at one that has none."""
        news = set(self._behind(follower))
        for feed in follower.feeds():
            if not follower.running:
                return
            if feed in news or self.rng.random() < 0.1:
                with self.mishaps():
                    follower.look(feed)

    def hears(self, name: str, feed: Feed) -> None:
        """The broker delivers something of a feed, if this reader may read its stream."""
        sync = self.syncs[name]
        if not sync.running or not self.approved(feed.origin, name) or not self.network.reachable(feed.origin, name):
            return
        query = "SELECT sequence FROM admission WHERE reader = ? AND feed = ?"
        admission = connection(self.origins[feed.origin].database).execute(query, (name, feed.audience)).fetchone()
        if admission is None:
            return
        at = checks.cursors(sync).get(str(feed), START)[1]
        found = self.brokers[feed.origin].pick(self.rng, feed, since=admission[0], wanted=at + 1)
        if found is not None:
            self.oracle.sees_message(sync.identity, found.frame)
            with self.mishaps():
                sync.hears(feed, found.frame)

    def let_deletions_through(self) -> None:
        for reader in self.readers.values():
            if not reader.running:
                continue
            rows = (
                connection(reader.database).execute("SELECT origin, kind, id FROM parked ORDER BY 1, 2, 3").fetchall()
            )
            for origin, kind, id_ in rows:
                fact = self.oracle.truth[origin].get(id_)
                if fact is not None and fact.audience and origin not in self.oracle.restored:
                    self.oracle.accuses(f"{reader.name} parks {id_}, which nobody deleted")
                with self.mishaps():
                    if reader.running:
                        reader.let_deletions_through(origin, [(kind, id_)])

    def settle(self) -> None:
        """Everything is mended and every process runs: the network comes to rest within a bounded number of rounds."""
        self.network.faults, self.network.parted = Faults(), set()
        for process in self.processes():
            process.fuse = None
        self.seconds += 3600  # no deletion waits any longer
        self.network.drain()
        for _ in range(ROUNDS):
            for process in self.processes():
                if not process.running:
                    self.start(process)
            for name, origin in self.origins.items():
                if origin.recovering:
                    self.recover(name)
                while origin.seal():
                    pass
            behind = [(follower, feed) for follower in self.followers() for feed in self._behind(follower)]
            for follower, feed in behind:
                with self.mishaps():
                    follower.look(feed)
                    self.network.drain()
            if not behind:
                self.let_deletions_through()
                return
        self.oracle.accuses(f"hangs: not settled after {ROUNDS} rounds: {self._laggards()}")

    def _laggards(self) -> list[str]:
        return [f"{follower.name} {feed}" for follower in self.followers() for feed in self._behind(follower)]

    def _behind(self, follower: Follower) -> Iterator[Feed]:
        """Feeds in which this reader is not at its holder's head, or is owed a body, or has a snapshot half read."""
        here = connection(follower.database)
        owed = {
            name
            for (name,) in here.execute(
                "SELECT f.name FROM feed f LEFT JOIN ledger l ON f.number = l.feed AND l.op = 'put' AND l.body IS NULL "
                "WHERE f.staged OR l.id IS NOT NULL"
            )
        }
        at = checks.cursors(follower)
        for feed in follower.feeds():
            if feed.origin != follower.node and not self.approved(feed.origin, follower.node):
                continue
            holder = checks.cursors(follower.source(feed))
            if at.get(str(feed)) != holder.get(str(feed)) or str(feed) in owed or feed in follower.downloads:
                yield feed

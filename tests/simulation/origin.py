"""An origin: its journal, its feeds, its stream; it answers readers as the product's routes would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from sqlmodel import Session, select

from tests.simulation import branches, broker, recovery
from tests.simulation.network import Answer, Ask
from tests.simulation.process import Process
from weft.journal import incarnation, readers, record, removed, seal
from weft.journal.incarnation import Incarnation
from weft.journal.models import ReaderRow, RemovedRow
from weft.log import feeds, serve, snapshot
from weft.log.models import FeedRow
from weft.problems import Problem
from weft.protocol import frames
from weft.protocol.commits import open_commit
from weft.protocol.frames import Body
from weft.protocol.ledger import Name
from weft.protocol.names import LOCAL, NETWORK, START, Cursor, Feed
from weft.protocol.signing import SigningKey
from weft.protocol.statements import Change

if TYPE_CHECKING:
    from tests.simulation.world import World

SERVICE = "catalog"
Edit = Callable[[Session, Incarnation], record.Written]


class Ended(NamedTuple):
    """A returning reader's question about its own keys that the snapshot lacks (rule 3)."""

    missing: Sequence[Name]
    at: int


class Origin(Process):
    def __init__(self, world: World, node: str) -> None:
        super().__init__(world, f"{node}.catalog")
        self.node = node
        self.key = SigningKey(world.rng.randbytes(32))
        self.recovering = False
        self._us: Incarnation | None = None
        self._published: dict[str, Cursor] = {}
        self._hastened: set[Name] = set()

    @property
    def us(self) -> Incarnation:
        assert self._us is not None, f"{self.name} has not started"
        return self._us

    def start(self) -> None:
        rng = self.world.rng
        with self.writing() as session:
            epoch = incarnation.begin(session, rng.getrandbits(32), self.world.now())
            recovering = recovery.note_start(session, epoch)
        salt: Callable[[], bytes] = lambda: rng.randbytes(16)  # noqa: E731
        self._us = Incarnation(self.node, SERVICE, epoch, self.key, self.world.now, salt)
        self.recovering = recovering
        super().start()
        self.publish()

    def forget(self) -> None:
        self._us = None
        self._published.clear()
        self._hastened.clear()

    # ---- what editors and operators do ---------------------------------------------------------------------------
    def edit(self, edits: Sequence[Edit], written: list[record.Written]) -> None:
        """Several edits in one transaction; `written` has them too when the process stops right after its commit."""
        with self.writing() as session:
            written += [work(session, self.us) for work in edits]

    def seal(self) -> bool:
        """One commit's worth, published afterwards. Whether there was anything to seal."""
        if self.recovering:
            return False
        with self.reading() as session:
            waiting = seal.waiting(session) > 0 or self._due(session)
        if waiting:
            with self.writing() as session:
                removed.release(session, self.us.now(), self._hastened)
                self._hastened.clear()
                seal.seal(session, self.us)
            self.publish()
        return waiting

    def _due(self, session: Session) -> bool:
        """Whether a deletion waits that is due, or that somebody cannot wait for."""
        waits = select(RemovedRow.id).where(RemovedRow.due != "")
        hastened = removed.waiting(session, self._hastened)
        return bool(hastened) or session.exec(waits.where(RemovedRow.due <= self.us.now())).first() is not None

    def bodies(self, session: Session, row: FeedRow, changes: Sequence[Change]) -> dict[int, Body] | None:
        """What may leave. Who is refused one because a deletion waits does not wait with it."""
        bodies = seal.current_bodies(session, row, changes)
        if bodies is None:
            self._hastened.update(removed.waiting(session, {change.name for change in changes}))
        return bodies

    def deleted(self) -> dict[str, tuple[int, int]]:
        """The records whose deletion can be taken back, with its version."""
        with self.reading() as session:
            rows = session.exec(select(RemovedRow)).all()
        return {row.id: (row.epoch, row.number) for row in rows}

    def admit(self, name: str, identity: str) -> None:
        with self.writing() as session:
            readers.admit(session, self.us, name, identity)
        self.publish()

    def remove(self, name: str) -> None:
        with self.writing() as session:
            readers.remove(session, self.us, name)
        self.publish()

    def recover(self, tellings: Sequence[recovery.Telling], members: dict[str, str]) -> None:
        """Take back what peers know, then set right who they are: the copy knows the peers of its own time."""
        with self.writing() as session:
            now = recovery.recover(session, self.us, tellings, tag=self.world.rng.getrandbits(32), now=self.world.now())
        self._us = now
        self.world.brokers[self.node].lose_everything()
        with self.writing() as session:
            for row in session.exec(select(ReaderRow)).all():
                if members.get(row.name) != row.identity:
                    readers.remove(session, self.us, row.name)
            for name, identity in members.items():
                readers.admit(session, self.us, name, identity)
            recovery.end(session, self.us)
        self.recovering = False
        self.publish()

    # ---- the stream ----------------------------------------------------------------------------------------------
    def publish(self) -> None:
        """Bring the stream in line with the feeds: erase what is superseded, publish what is new."""
        stream = self.world.brokers[self.node]
        if self.recovering:
            return
        with self.reading() as session:
            for audience, row in feeds.own_feeds(session, self.node, SERVICE).items():
                done = self._published.get(audience) == row.cursor and stream.last(row.feed) == row.sequence
                if audience == LOCAL or done:
                    continue
                self._published[audience] = row.cursor
                for message in stream.messages(row.feed):
                    if not self._current(session, row, message):
                        stream.erase(row.feed, message.sequence)
                self._publish(session, stream, row.feed)

    def _publish(self, session: Session, stream: broker.Broker, feed: Feed) -> None:
        last = stream.last(feed)
        row = serve.found(session, feed)
        if last >= row.sequence:
            return
        at = branches.cursor_at(session, row, last) if last else START
        for commit in serve.page(session, feed, at, since=0, bodies=seal.current_bodies, key=self.key).commits:
            stream.publish(feed, broker.message(commit.header.sequence, commit.to_bytes(), commit.raw))

    def _current(self, session: Session, row: FeedRow, message: broker.Message) -> bool:
        sequences = self.world.oracle.sequences(self, feeds.number_of(row))
        return all(sequences.get(name) == ("put", message.sequence) for name in message.puts)

    # ---- what readers ask ----------------------------------------------------------------------------------------
    def answer(self, who: str, identity: str, ask: Ask) -> Answer:
        if self.recovering:
            return Answer(ask, problem="not-now")
        try:
            return self._answered(who, identity, ask)
        except Problem as problem:
            return Answer(ask, problem=problem.code)

    def _answered(self, who: str, identity: str, ask: Ask) -> Answer:
        feed, key = ask.feed, self.key
        with self.reading() as session:
            own = who == self.node
            since = 0 if own else readers.since(session, who, identity, feed.audience)
            if ask.kind == "page":
                after = cast(Cursor, ask.about)
                page = serve.page(session, feed, after, since=since, bodies=self.bodies, key=key)
                return Answer(ask, (*(commit.to_bytes() for commit in page.commits), page.head.to_bytes()))
            if ask.kind == "segment":
                raw, head = snapshot.segment(session, feed, str(ask.about), bodies=self.bodies, key=key)
                return Answer(ask, (raw, head.to_bytes()))
            if ask.kind == "bodies":
                wanted = cast(Sequence[Change], ask.about)
                raw, head = serve.asked(session, feed, wanted, bodies=self.bodies, key=key)
                return Answer(ask, (raw, head.to_bytes()))
            if ask.kind == "ended":
                question = cast(Ended, ask.about)
                return Answer(ask, told=snapshot.ended(session, feed, question.missing, at=question.at, since=since))
        if ask.kind == "manifest":
            with self.writing() as session:
                return Answer(ask, (snapshot.take(session, feed, key),))
        if ask.kind == "common":
            return self._common(ask)
        return self._handed(ask)

    def _common(self, ask: Ask) -> Answer:
        """The newest of a reader's cursors that we know; when it is not the last, we go on in a later epoch."""
        cursors = cast(Sequence[Cursor], ask.about)
        with self.reading() as session:
            known = branches.newest_known(session, ask.feed, cursors)
        if known != cursors[0]:
            self._above(ask.feed, cursors[0])
        return Answer(ask, told=known)

    def _above(self, feed: Feed, shown: Cursor) -> None:
        with self.writing() as session:
            us = recovery.above(
                session, self.us, feed.audience, shown, tag=self.world.rng.getrandbits(32), now=self.world.now()
            )
        self._us = us
        self.publish()

    def _handed(self, ask: Ask) -> Answer:
        keys = {self.key.public.fingerprint: self.key.public}
        commits = [open_commit(frames.parse(raw), feed=ask.feed, keys=keys) for raw in cast(Sequence[bytes], ask.about)]
        self._above(ask.feed, commits[-1].cursor)
        with self.writing() as session:
            recovery.hand_back(session, self.us, ask.feed, commits)
        self.publish()
        self.world.oracle.reloads(self)
        return Answer(ask, told=True)


def feeds_for(origin: str, reader: str) -> list[Feed]:
    """The feeds of an origin that a node reads: the network's and its own; of itself everything that it shows."""
    audiences = (LOCAL, NETWORK) if origin == reader else (NETWORK, reader)
    return [Feed(origin, SERVICE, audience) for audience in audiences]

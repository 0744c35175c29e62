"""An origin and a reader of it, each with a database in memory, without a network between them."""

import itertools
from collections.abc import Iterator

import pytest
from sqlmodel import select

from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.inbox.apply import apply
from weft.inbox.moment import Moment
from weft.inbox.settle import Inbox
from weft.journal import readers, record, seal
from weft.journal.incarnation import Incarnation, begin
from weft.journal.models import OwnRow
from weft.journal.record import Condition, Draft
from weft.log import feeds, serve
from weft.log.serve import Page
from weft.protocol import frames
from weft.protocol.commits import open_commit
from weft.protocol.names import START, Cursor, Feed
from weft.protocol.signing import SigningKey

KEY = SigningKey(bytes(range(32)))
KEYS = {KEY.public.fingerprint: KEY.public}


class Origin:
    """A service that owns records."""

    folder = None
    """Where the database is; in memory, for one thread, when there is none."""

    def __init__(self) -> None:
        self.database = Database(f"sqlite:///{self.folder / 'origin.db'}" if self.folder else "sqlite://")
        upgrade(self.database, KERNEL["log"], KERNEL["journal"])
        self.tag = 0
        self.now = "2026-01-01T00:00:00.000Z"
        self.salts = (at.to_bytes(16) for at in itertools.count(1))
        self.begin()

    def begin(self) -> None:
        """Start: a new epoch."""
        self.tag += 1
        with self.database.writing() as session:
            epoch = begin(session, self.tag, self.now)
        self.us = Incarnation("eca", "catalog", epoch, KEY, lambda: self.now, lambda: next(self.salts))
        with self.database.writing() as session:
            seal.own_feeds(session, self.us)

    def put(self, id_: str, text: str, *audience: str) -> record.Written:
        with self.database.writing() as session:
            return record.put(
                session, self.us, Draft("document", id_, text.encode(), audience or ("network",)), Condition.ANY
            )

    def delete(self, id_: str) -> record.Written:
        with self.database.writing() as session:
            return record.delete(session, self.us, "document", id_, Condition.ANY)

    def seal(self) -> list[str]:
        """Seal all that there is, deletions that wait too."""
        with self.database.writing() as session:
            return [commit.header.feed for commit in seal.seal_all(session, self.us)]

    def seal_due(self) -> None:
        """Seal what is due, as the sequencer does."""
        with self.database.writing() as session:
            while seal.seal(session, self.us):
                pass

    def own(self, id_: str) -> list[OwnRow]:
        with self.database.reading() as session:
            return list(session.exec(select(OwnRow).where(OwnRow.id == id_)))

    def admit(self, name: str, identity: str = "a" * 32) -> None:
        with self.database.writing() as session:
            readers.admit(session, self.us, name, identity)

    def remove(self, name: str) -> None:
        with self.database.writing() as session:
            readers.remove(session, self.us, name)

    def page(self, audience: str, after: Cursor = START, since: int = 0) -> Page:
        with self.database.reading() as session:
            feed = self.us.feed(audience)
            return serve.page(session, feed, after, since=since, bodies=seal.current_bodies, key=KEY)

    def changes(self, audience: str) -> list[tuple[str, str, int]]:
        """All that a feed ever said: (op, id, version number)."""
        return [
            (change.op, change.id, change.version.number)
            for commit in self.page(audience).commits
            for change in commit.header.changes
        ]

    def bodies(self, audience: str) -> list[str]:
        """The texts that leave with a feed's commits now."""
        return [
            body.data.decode() for commit in self.page(audience).commits for _, body in sorted(commit.bodies.items())
        ]


class Shown:
    """A projection that remembers, and notices when a record is shown at a version that is not newer."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.public: dict[str, bool] = {}
        self.calls = 0

    def show(self, session, shows):
        self.calls += 1
        for item in shows:
            self.texts[item.key.id] = item.body.decode()
            self.public[item.key.id] = item.public
        return []

    def hide(self, session, keys):
        self.calls += 1
        for key in keys:
            self.texts.pop(key.id, None)


class Reader:
    """A peer's service that applies an origin's feeds."""

    def __init__(self, inbox: Inbox | None = None) -> None:
        self.shown = Shown()
        self.inbox = inbox or Inbox(self.shown)
        self.database = Database("sqlite://")
        upgrade(self.database, KERNEL["log"], KERNEL["inbox"])

    def read(self, origin: Origin, audience: str = "network", *, since: int = 0) -> int:
        """Apply what is new in a feed; how many commits came."""
        feed = origin.us.feed(audience)
        count = 0
        while True:
            page = origin.page(audience, self.cursor(feed), since)
            for commit in page.commits:
                self.apply(feed, commit.to_bytes(), page.head.head.sequence)
            count += len(page.commits)
            if not page.commits:
                return count

    def apply(self, feed: Feed, raw: bytes, head_sequence: int = 0) -> str:
        commit = open_commit(frames.parse(raw), feed=feed, keys=KEYS)
        with self.database.writing() as session:
            row = feeds.found_or_opened(session, feed)
            moment = Moment("2026-01-01T00:00:00.000Z", 0.0, head_sequence or commit.header.sequence)
            return apply(session, self.inbox, row, commit, moment=moment)

    def cursor(self, feed: Feed) -> Cursor:
        with self.database.reading() as session:
            row = feeds.find(session, feed)
            return row.cursor if row else START


@pytest.fixture
def origin() -> Iterator[Origin]:
    made = Origin()
    yield made
    made.database.close()


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.database.close()

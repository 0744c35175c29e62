"""Notes: the smallest kind of record, own ones and peers', with drafts, embargoes and takedowns; and who keeps copies of them."""

import itertools
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, ColumnElement, LargeBinary, MetaData, String, Table, true
from sqlalchemy.types import BigInteger
from sqlmodel import Session

from weft.database import Database
from weft.inbox.effects import Show
from weft.journal import embargo, readers, seal
from weft.journal.incarnation import Incarnation, begin
from weft.protocol.names import Key, Version
from weft.protocol.signing import SigningKey
from weft.records import answers, changelog
from weft.records.changelog import Asked
from weft.records.own import Content, OwnRecords
from weft.records.projection import Projection
from weft.records.rows import Entry, Shelf, forget
from weft.records.sight import Sight
from weft.records.takedown import ANY, Takedowns

US, PEER = "eclac", "ece"
Note = dict[str, Any]
TABLES = MetaData()
NOTES = Table(
    "note",
    TABLES,
    *(Column(name, String, primary_key=name in {"origin", "id"}) for name in ("origin", "id", "audience")),
    *(Column(name, BigInteger) for name in ("epoch", "number")),
    *(Column(name, Boolean) for name in ("public", "draft")),
    *(Column(name, LargeBinary) for name in ("members", "rest")),
)


def read(body: bytes) -> Note:
    return msgspec.json.decode(body, type=Note)


def seen_by(note: Note, public: bool) -> Sight:
    if note["draft"]:
        return Sight.EDITORS
    return Sight.PUBLIC if public else Sight.STAFF


def visible(sight: Sight) -> ColumnElement[bool]:
    if sight is Sight.EDITORS:
        return true()
    return ~NOTES.c.draft if sight is Sight.STAFF else ~NOTES.c.draft & NOTES.c.public


def show(session: Session, entries: Sequence[Entry[Note]]) -> None:
    hide(session, [entry.key for entry in entries])
    for entry in entries:
        said = f'"text":"{entry.record["text"]}"'.encode()
        row = {**entry.columns(), "draft": entry.record["draft"], "members": said, "rest": b""}
        session.connection().execute(NOTES.insert().values(row))


def hide(session: Session, keys: Sequence[Key]) -> None:
    forget(session, NOTES, keys)


OURS: OwnRecords[Note] = OwnRecords("note", NOTES, read=read, show=show, hide=hide, seen_by=seen_by)
THEIRS: Projection[Note] = Projection("note", read=read, put=show, forget=hide, seen_by=seen_by)
TAKEDOWNS = Takedowns(OURS)
SHELVES = {"note": Shelf(NOTES, visible), TAKEDOWNS.kind: TAKEDOWNS.shelf}


def follow(session: Session, us: Incarnation) -> int:
    return OURS.follow(session, us) + TAKEDOWNS.own.follow(session, us)


class Desk:
    """A service that shows notes; its clock goes on when it is told to."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.hour = 0
        self._peers = itertools.count(1)
        with database.writing() as session:
            epoch = begin(session, secrets.randbits(32), "2026-01-01T00:00:00.000Z")
        self.us = Incarnation(US, "notes", epoch, SigningKey(bytes(range(32))), now=lambda: self.at(self.hour))

    @staticmethod
    def at(hour: int) -> str:
        return f"2026-{1 + hour // 240:02}-{1 + hour // 24 % 10:02}T{hour % 24:02}:00:00.000Z"

    def admit(self) -> None:
        with self.database.writing() as session:
            readers.admit(session, self.us, PEER, "a" * 32)

    def remove(self) -> None:
        with self.database.writing() as session:
            readers.remove(session, self.us, PEER)
            follow(session, self.us)

    def put(self, id_: str, text: str, *audience: str, draft: bool = False, hours: int = 0) -> None:
        members = f'"text":"{text}","draft":{"true" if draft else "false"}'.encode()
        public_from = self.at(self.hour + hours) if hours else None
        with self.database.writing() as session:
            refused = OURS.refused(session, self.us, {id_: audience})
            if not refused:
                OURS.put_many(session, self.us, {id_: Content(members, audience, public_from)})

    def delete(self, id_: str, undo_seconds: int = 0) -> None:
        with self.database.writing() as session:
            OURS.delete(session, self.us, id_, ANY, undo_seconds=undo_seconds)

    def undelete(self, id_: str) -> None:
        with self.database.writing() as session:
            TAKEDOWNS.undelete(session, self.us, id_)

    def take_down(self, id_: str, reason: str) -> None:
        with self.database.writing() as session:
            TAKEDOWNS.take_down(session, self.us, id_, reason, ANY)

    def lift(self) -> None:
        with self.database.writing() as session:
            embargo.lift(session, self.us)
            follow(session, self.us)

    def seal(self) -> None:
        with self.database.writing() as session:
            seal.seal(session, self.us)

    def hear(self, id_: str, text: str, *, public: bool, draft: bool = False) -> None:
        """A peer's note comes by a feed."""
        body = msgspec.json.encode({"text": text, "draft": draft})
        version = Version(self.us.epoch, next(self._peers))
        with self.database.writing() as session:
            THEIRS.show(session, [Show(Key(PEER, "note", id_), version, body, public)])

    def lose(self, id_: str) -> None:
        with self.database.writing() as session:
            THEIRS.hide(session, [Key(PEER, "note", id_)])

    def shelf(self, sight: Sight) -> dict[str, bytes]:
        """All that a sight sees, by key, as it is answered."""
        found: dict[str, bytes] = {}
        with self.database.reading() as session:
            for kind, (rows, sees) in SHELVES.items():
                for line in session.connection().execute(rows.select().where(sees(sight))):
                    found[f"{line.origin}/{kind}/{line.id}"] = answers.item(line, kind, sight, line.rest)
        return found


class Copy:
    """A client that keeps a copy of what it may see, from nothing but changes."""

    def __init__(self, desk: Desk, sight: Sight, limit: int = 100) -> None:
        self.desk, self.sight, self.limit = desk, sight, limit
        self.since: str | None = None
        self.has: dict[str, bytes] = {}
        self.told: list[tuple[str, str]] = []

    def ask(self) -> bool:
        """One page; whether there may be more."""
        asked = Asked(since=self.since, limit=self.limit, records=True)
        with self.desk.database.reading() as session:
            page = changelog.page(session, asked, self.sight, SHELVES)
        for raw in page.items:
            item = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
            op, key = (msgspec.json.decode(item[name], type=str) for name in ("op", "key"))
            self.told.append((op, key))
            if op == "put":
                self.has[key] = bytes(item["record"])
            else:
                self.has.pop(key, None)
        self.since = page.next
        return page.more

    def catch_up(self) -> list[tuple[str, str]]:
        """Ask until there is no more; what was told."""
        self.told.clear()
        while self.ask():
            pass
        return list(self.told)

"""Our own records of one kind: writing them in one transaction with the journal. What they say is the service's matter."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from sqlalchemy import FromClause, and_, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from weft.database.statements import chunks, table
from weft.journal import record, wishes
from weft.journal.incarnation import Incarnation
from weft.journal.models import OwnRow
from weft.journal.record import Audience, Condition, Draft, Written, audience_of
from weft.journal.wishes import Wish
from weft.problems import NotFound, Problem
from weft.protocol.names import NETWORK, Key, Version
from weft.records import changes, wire
from weft.records.changes import Seen
from weft.records.preconditions import Precondition
from weft.records.reports import Outcome
from weft.records.rows import Entry
from weft.records.sight import Sight, by_audience

T = TypeVar("T")
_own = table(OwnRow)
FOLLOWED = 500


class Content(NamedTuple):
    """A record that is ready to be written: its JSON members, without the times that the node adds, and its audience.

    `public_from`: until then it stays here, whatever its audience is to be.
    """

    members: bytes
    audience: Audience
    public_from: str | None = None

    def also(self, member: bytes | None) -> "Content":
        """The same with one more member behind the others."""
        return self._replace(members=b"%b,%b" % (self.members, member)) if member else self


class Put(NamedTuple):
    """What became of a record that was put."""

    version: Version
    outcome: Outcome


class Revision(NamedTuple):
    """A content beside what the journal has of it: the body to be written, or the present one when nothing differs."""

    outcome: Outcome
    body: bytes


class _Times(msgspec.Struct):
    created_at: str


@dataclass(frozen=True)
class OwnRecords(Generic[T]):
    """`shown` has a row for each record that is shown; `read` takes a body of ours, `show` and `hide` change rows.

    `seen_by`: who sees a record at the least, as the rows' own filter has it.
    """

    kind: str
    shown: FromClause
    read: Callable[[bytes], T]
    show: Callable[[Session, Sequence[Entry[T]]], None]
    hide: Callable[[Session, Sequence[Key]], None]
    seen_by: Callable[[T, bool], Sight] = by_audience

    def present(self, session: Session, id_: str) -> Version | None:
        """The version at which a record is, if there is one; no other transaction changes it before this one ends."""
        row = record.current(session, [(self.kind, id_)]).get((self.kind, id_))
        return Version(row.epoch, row.number) if row and row.audience else None

    def put_many(self, session: Session, us: Incarnation, contents: Mapping[str, Content]) -> dict[str, Put]:
        """Create or revise records, which `refused` has passed. The same words as there are make no new version."""
        names = [(self.kind, id_) for id_ in contents]
        present = record.current(session, names)
        wished = wishes.find(session, names)
        now = us.now()
        revisions = {
            id_: revision(content, present.get((self.kind, id_)), now, wished.get((self.kind, id_)))
            for id_, content in contents.items()
        }
        changed = [
            Draft(self.kind, id_, new.body, contents[id_].audience, contents[id_].public_from or "")
            for id_, new in revisions.items()
            if new.outcome != "unchanged"
        ]
        written = record.put_many(session, us, changed, present=present)
        self._show(session, [self._entry(done, revisions[done.key.id].body) for done in written])
        versions = {name[1]: Version(row.epoch, row.number) for name, row in present.items()}
        versions |= {done.key.id: done.version for done in written}
        return {id_: Put(versions[id_], new.outcome) for id_, new in revisions.items()}

    def forecast(self, session: Session, us: Incarnation, contents: Mapping[str, Content]) -> dict[str, Outcome]:
        """What `put_many` would make of these."""
        present: dict[str, OwnRow] = {}
        for part in chunks(list(contents)):
            found = session.exec(select_rows(OwnRow).where(OwnRow.kind == self.kind, col(OwnRow.id).in_(part)))
            present |= {row.id: row for row in found}
        wished = wishes.find(session, [(self.kind, id_) for id_ in contents])
        return {
            id_: revision(content, present.get(id_), us.now(), wished.get((self.kind, id_))).outcome
            for id_, content in contents.items()
        }

    def refused(self, session: Session, us: Incarnation, audiences: Mapping[str, Audience]) -> dict[str, Problem]:
        """Which records, by id and the audience that each is to have, may not be written now, and why."""
        found: dict[str, Problem] = {}
        for audience in set(audiences.values()):
            try:
                record.check_audience(session, audience)
            except Problem as problem:
                found |= {id_: problem for id_, its in audiences.items() if its == audience}
        for part in chunks(list(audiences)):
            deleted = select(_own.c.id, _own.c.updated_at).where(
                _own.c.kind == self.kind, _own.c.id.in_(part), _own.c.audience == ""
            )
            for line in session.connection().execute(deleted):
                found[line.id] = record.Deleted(f"{us.origin}/{self.kind}/{line.id} was deleted at {line.updated_at}")
        return found

    def delete(
        self, session: Session, us: Incarnation, id_: str, precondition: Precondition, *, undo_seconds: int = 0
    ) -> Version:
        """Delete a record; so many seconds go by before that is sealed and cannot be taken back. The deletion's version.

        Raises:
            NotFound: there is none of this name.
            Stale, Unconditional: it is not at the version that is demanded, or none is.
        """
        present = self.present(session, id_)
        if present is None:
            raise NotFound(f"there is no {self.kind} {us.origin}/{id_}")
        precondition.demand(present)
        deleted = record.delete(session, us, self.kind, id_, Condition.ANY, undo_seconds=undo_seconds)
        self._hide(session, {deleted.key: deleted.version})
        return deleted.version

    def undelete(self, session: Session, us: Incarnation, id_: str) -> Put:
        """Take a deletion back: the record is as it was, at a new version.

        Raises:
            NotFound: there never was one of this name.
            NotDeleted: it is there.
            Sealed: the deletion has been sealed.
        """
        name = (self.kind, id_)
        back = record.undelete(session, us, *name)
        body = record.current(session, [name])[name].body
        if body is not None:  # as in every row that has an audience
            self._show(session, [self._entry(back, body)])
        return Put(back.version, "revised")

    def revive(self, session: Session, us: Incarnation, id_: str, body: bytes, wish: Wish) -> Put:
        """Put a record as it is to travel, whether one of this name was deleted or not."""
        written = record.revive(session, us, Draft(self.kind, id_, body, *wish))
        self._show(session, [self._entry(written, body)])
        return Put(written.version, "created")

    def follow(self, session: Session, us: Incarnation) -> int:
        """Show what the journal has where something else than this wrote it: the removal of a reader, a recovery.
        Returns how many differed; some may be left unless it is 0."""
        shown = self.shown.c
        same = and_(shown.origin == us.origin, shown.id == _own.c.id)
        differs = or_(shown.epoch != _own.c.epoch, shown.number != _own.c.number)
        there, alive = shown.id.is_not(None), _own.c.audience != ""
        behind = or_(and_(alive, or_(~there, differs)), and_(~alive, there))
        query = (
            select(_own).join(self.shown, same, isouter=True).where(_own.c.kind == self.kind, behind).limit(FOLLOWED)
        )
        lines = session.connection().execute(query).all()
        self._hide(
            session,
            {
                Key(us.origin, self.kind, line.id): Version(line.epoch, line.number)
                for line in lines
                if not line.audience
            },
        )
        showing = [line for line in lines if line.audience]
        wished = wishes.find(session, [(self.kind, line.id) for line in showing])
        self._show(session, [self._followed(us, line, wished.get((self.kind, line.id))) for line in showing])
        return len(lines)

    def _followed(self, us: Incarnation, line: Any, wish: Wish | None) -> Entry[T]:
        audience = audience_of(line.audience)
        key, version = Key(us.origin, self.kind, line.id), Version(line.epoch, line.number)
        return self._entry(Written(key, version, audience, line.updated_at, False, wish or Wish(audience)), line.body)

    def _entry(self, done: Written, body: bytes) -> Entry[T]:
        public = done.audience == (NETWORK,)
        return Entry(done.key, done.version, self.read(body), public=public, audience=str(done.wish))

    def _show(self, session: Session, entries: Sequence[Entry[T]]) -> None:
        self.show(session, entries)
        changes.note(
            session, [Seen(entry.key, entry.version, self.seen_by(entry.record, entry.public)) for entry in entries]
        )

    def _hide(self, session: Session, keys: Mapping[Key, Version]) -> None:
        self.hide(session, list(keys))
        changes.gone(session, keys)


def revision(content: Content, present: OwnRow | None, now: str, wished: Wish | None = None) -> Revision:
    """The body that this content makes. A record keeps the time of its creation, and that of its last change while it is
    the same. The times come last in a body, so that equal contents begin alike. `wished`: the present one's embargo."""
    if present is None or present.body is None:
        return Revision("created", _body(content, now, now))
    before = wished or Wish(audience_of(present.audience))
    if before == Wish.of(content.audience, content.public_from or "", now) and present.body.startswith(_start(content)):
        return Revision("unchanged", present.body)
    created_at = msgspec.json.decode(present.body, type=_Times).created_at
    return Revision("revised", _body(content, created_at, now))


def _body(content: Content, created_at: str, updated_at: str) -> bytes:
    return _start(content) + wire.write(created_at) + b',"updated_at":' + wire.write(updated_at) + b"}"


def _start(content: Content) -> bytes:
    return b"{" + content.members + b',"created_at":'

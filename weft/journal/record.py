"""Writing an origin's own records: the record and its place in the queue of what is to be sealed, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from weft.database.statements import chunks, insert, one_writer, upsert
from weft.journal import removed, wishes
from weft.journal.incarnation import Incarnation, newest
from weft.journal.models import OwnRow, PendingRow, ReaderRow
from weft.journal.removed import Removed
from weft.journal.wishes import Wish
from weft.log.feeds import ids_by_kind
from weft.problems import Invalid, NotFound, Problem, Stale, TooLarge
from weft.protocol.frames import Body
from weft.protocol.ledger import Name
from weft.protocol.limits import BODY_BYTES
from weft.protocol.names import LOCAL, NETWORK, Key, Version


class Deleted(Problem):
    status, code, title = 410, "deleted", "This record was deleted"
    hint = "A key is never used again: give the new record another id."


class Sealed(Problem):
    status, code, title = 409, "sealed", "The deletion was sealed, so it cannot be taken back"
    hint = "Its peers were told, and its content is gone: give the new record another id."


class NotDeleted(Problem):
    status, code, title = 409, "not-deleted", "This record was not deleted"
    hint = "There is nothing to take back: read the record."


class Condition(Enum):
    """What a writer may demand of the present version besides naming one."""

    ANY = "any"
    ABSENT = "absent"


Expected = Version | Condition
Audience = tuple[str, ...]


class Draft(NamedTuple):
    """A record as an editor wants it: its bytes and who may have it, from a time on if one is given."""

    kind: str
    id: str
    body: bytes
    audience: Audience
    public_from: str = ""


class Written(NamedTuple):
    """What the journal now has of a record. `wish`: the audience that was asked for, where that is not the present one."""

    key: Key
    version: Version
    audience: Audience
    updated_at: str
    created: bool
    wish: Wish


def audience_text(audience: Audience) -> str:
    return " ".join(audience)


def audience_of(text: str) -> Audience:
    return tuple(text.split())


def check_audience(session: Session, audience: Audience) -> None:
    """Raise `Invalid` unless it is `local`, `network`, or names of approved peers, in order, once each."""
    if audience in {(LOCAL,), (NETWORK,)}:
        return
    known = set(session.exec(select(ReaderRow.name)))
    unknown = [name for name in audience if name not in known]
    if not audience or unknown or list(audience) != sorted(set(audience)):
        said = f"approved peers here: {', '.join(sorted(known)) or 'none'}"
        raise Invalid(f"audience is 'local', 'network' or names of approved peers, not {list(audience)}; {said}")


def put(session: Session, us: Incarnation, draft: Draft, expected: Expected) -> Written:
    """Create or revise one record.

    Raises:
        Stale: the record is not at `expected`.
        Deleted: the key was used before.
        Invalid: the audience names nobody who is approved.
    """
    check_audience(session, draft.audience)
    present = current(session, [(draft.kind, draft.id)]).get((draft.kind, draft.id))
    _demand(present, expected)
    return put_many(session, us, [draft], present={(draft.kind, draft.id): present} if present else {})[0]


def put_many(
    session: Session, us: Incarnation, drafts: Sequence[Draft], present: dict[Name, OwnRow] | None = None
) -> list[Written]:
    """Create or revise records in bulk; their audiences were checked, each record comes once."""
    if present is None:
        present = current(session, [(draft.kind, draft.id) for draft in drafts])
    for draft in drafts:
        before = present.get((draft.kind, draft.id))
        if before and not before.audience:
            raise Deleted(f"{us.origin}/{draft.kind}/{draft.id} was deleted at {before.updated_at}")
    return _write(session, us, drafts, present)


def revive(session: Session, us: Incarnation, draft: Draft) -> Written:
    """Put a record whether it was deleted or not: for those who know that it is the same one that comes back."""
    return _write(session, us, [draft], current(session, [(draft.kind, draft.id)]))[0]


def _write(session: Session, us: Incarnation, drafts: Sequence[Draft], present: Mapping[Name, OwnRow]) -> list[Written]:
    epoch, now = newest(session, us), us.now()
    written: list[Written] = []
    lines: list[dict[str, Any]] = []
    for draft in drafts:
        before = present.get((draft.kind, draft.id))
        if len(draft.body) > BODY_BYTES:
            raise TooLarge(f"{draft.id} has {len(draft.body)} bytes")
        version = Version(epoch, before.number + 1 if before else 1)
        wish = Wish.of(draft.audience, draft.public_from, now)
        body = Body(us.salt(), draft.body)
        lines.append(
            {
                "kind": draft.kind,
                "id": draft.id,
                "epoch": int(version.epoch),
                "number": version.number,
                "audience": audience_text(wish.for_now),
                "hash": body.hash,
                "created_at": before.created_at if before else now,
                "updated_at": now,
                "salt": body.salt,
                "body": body.data,
            }
        )
        key = Key(us.origin, draft.kind, draft.id)
        written.append(Written(key, version, wish.for_now, now, before is None, wish))
    _journal(session, lines, {(done.key.kind, done.key.id): done.wish for done in written})
    return written


def delete(
    session: Session, us: Incarnation, kind: str, id_: str, expected: Expected, *, undo_seconds: int = 0
) -> Written:
    """Delete one record. The key and the version of its deletion stay.

    Until the deletion is sealed, which is at once unless it is to wait, it can be taken back.
    """
    name = (kind, id_)
    present = current(session, [name]).get(name)
    if present is None or not present.audience:
        raise NotFound(f"{us.origin} has no {kind} {id_}")
    _demand(present, expected)
    wish = wishes.find(session, [name]).get(name, Wish(audience_of(present.audience)))
    deleted = rewrite(session, us, [present], lambda _: (), queued=not undo_seconds)[0]
    if present.body is not None:
        due = removed.later(us.now(), undo_seconds) if undo_seconds else ""
        removed.keep(session, name, deleted.version, Removed(wish, present.body), due=due)
    return deleted


def undelete(session: Session, us: Incarnation, kind: str, id_: str) -> Written:
    """A deleted record comes back as it was, at a new version.

    Raises:
        NotFound: there never was one of this name.
        NotDeleted: it is there.
        Sealed: peers were told of the deletion, and what it took away is gone.
    """
    name = (kind, id_)
    present = current(session, [name]).get(name)
    if present is None:
        raise NotFound(f"{us.origin} has no {kind} {id_}")
    if present.audience:
        raise NotDeleted(f"{us.origin}/{kind}/{id_} is at {Version(present.epoch, present.number)}")
    kept = removed.find(session, name)
    if kept is None:
        raise Sealed(f"{us.origin}/{kind}/{id_} was deleted at {present.updated_at}")
    return _write(session, us, [Draft(kind, id_, kept.body, *kept.wish)], {name: present})[0]


def rewrite(
    session: Session,
    us: Incarnation,
    rows: Sequence[OwnRow],
    audience: Callable[[OwnRow], Audience],
    *,
    wished: Mapping[Name, Wish] | None = None,
    queued: bool = True,
) -> list[Written]:
    """A new version of records whose audience alone changes, to `audience(row)`; the empty one deletes.

    `wished`: what is still to come of some of them. `queued`: whether they are to be sealed, or wait for somebody else to
    queue them.
    """
    one_writer(session)
    epoch, now = newest(session, us), us.now()
    written: list[Written] = []
    lines: list[dict[str, Any]] = []
    for row in rows:
        wanted = audience(row)
        version = Version(epoch, row.number + 1)
        body = Body(us.salt(), row.body) if wanted and row.body is not None else None
        lines.append(
            {
                "kind": row.kind,
                "id": row.id,
                "epoch": int(version.epoch),
                "number": version.number,
                "audience": audience_text(wanted),
                "hash": body.hash if body else "",
                "created_at": row.created_at,
                "updated_at": now,
                "salt": body.salt if body else None,
                "body": body.data if body else None,
            }
        )
        wish = (wished or {}).get((row.kind, row.id), Wish(wanted))
        written.append(Written(Key(us.origin, row.kind, row.id), version, wanted, now, created=False, wish=wish))
    _journal(session, lines, {(done.key.kind, done.key.id): done.wish for done in written}, queued=queued)
    return written


def _journal(
    session: Session, lines: list[dict[str, Any]], wished: Mapping[Name, Wish], *, queued: bool = True
) -> None:
    """Write records down, with what is to come of them, and have them sealed. What was taken away before is past."""
    upsert(session, OwnRow, lines)
    names = [(line["kind"], line["id"]) for line in lines]
    wishes.replace(session, names, wished)
    removed.wipe(session, names)
    if queued:
        changes = [{name: line[name] for name in ("kind", "id", "epoch", "number")} for line in lines]
        insert(session, PendingRow, changes)


def _demand(present: OwnRow | None, expected: Expected) -> None:
    exists = present is not None and bool(present.audience)
    if expected is Condition.ANY:
        return
    if expected is Condition.ABSENT:
        if exists:
            raise Stale("the record exists already")
        return
    if present is None or not exists or Version(present.epoch, present.number) != expected:
        raise Stale(f"the record is at {Version(present.epoch, present.number) if present else 'no version'}")


def current(session: Session, names: Sequence[Name]) -> dict[Name, OwnRow]:
    """Our records by name. No other transaction writes records of ours before this one ends."""
    one_writer(session)
    found: dict[Name, OwnRow] = {}
    for kind, ids in ids_by_kind(names).items():
        for part in chunks(ids):
            query = select(OwnRow).where(OwnRow.kind == kind, col(OwnRow.id).in_(part))
            for row in session.exec(query):
                session.expunge(row)
                found[row.kind, row.id] = row
    return found

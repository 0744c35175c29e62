"""Writing an origin's own records: the record and its place in the queue of what is to be sealed, in one transaction."""

from collections.abc import Sequence
from enum import Enum
from typing import Any, NamedTuple

from sqlmodel import Session, col, select

from weft.database.statements import chunks, insert, one_writer, upsert
from weft.journal.incarnation import Incarnation
from weft.journal.models import OwnRow, PendingRow, ReaderRow
from weft.log.feeds import ids_by_kind
from weft.problems import Invalid, NotFound, Problem, Stale, TooLarge
from weft.protocol.frames import Body
from weft.protocol.ledger import Name
from weft.protocol.limits import BODY_BYTES
from weft.protocol.names import LOCAL, NETWORK, Key, Version


class Deleted(Problem):
    status, code, title = 410, "deleted", "This record was deleted"
    hint = "A key is never used again: give the new record another id."


class Condition(Enum):
    """What a writer may demand of the present version besides naming one."""

    ANY = "any"
    ABSENT = "absent"


Expected = Version | Condition
Audience = tuple[str, ...]


class Draft(NamedTuple):
    """A record as an editor wants it: its bytes and who may have it."""

    kind: str
    id: str
    body: bytes
    audience: Audience


class Written(NamedTuple):
    """What the journal now has of a record."""

    key: Key
    version: Version
    audience: Audience
    updated_at: str
    created: bool


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
    now = us.now()
    written: list[Written] = []
    lines: list[dict[str, Any]] = []
    for draft in drafts:
        before = present.get((draft.kind, draft.id))
        if before and not before.audience:
            raise Deleted(f"{us.origin}/{draft.kind}/{draft.id} was deleted at {before.updated_at}")
        if len(draft.body) > BODY_BYTES:
            raise TooLarge(f"{draft.id} has {len(draft.body)} bytes")
        version = Version(us.epoch, before.number + 1 if before else 1)
        body = Body(us.salt(), draft.body)
        lines.append(
            {
                "kind": draft.kind,
                "id": draft.id,
                "epoch": int(version.epoch),
                "number": version.number,
                "audience": audience_text(draft.audience),
                "hash": body.hash,
                "created_at": before.created_at if before else now,
                "updated_at": now,
                "salt": body.salt,
                "body": body.data,
            }
        )
        written.append(Written(Key(us.origin, draft.kind, draft.id), version, draft.audience, now, before is None))
    _journal(session, lines)
    return written


def delete(session: Session, us: Incarnation, kind: str, id_: str, expected: Expected) -> Written:
    """Delete one record. The key and the version of its deletion stay."""
    present = current(session, [(kind, id_)]).get((kind, id_))
    if present is None or not present.audience:
        raise NotFound(f"{us.origin} has no {kind} {id_}")
    _demand(present, expected)
    return rewrite(session, us, [present], lambda _: ())[0]


def rewrite(session: Session, us: Incarnation, rows: Sequence[OwnRow], audience: Any) -> list[Written]:
    """A new version of records whose audience alone changes, to `audience(row)`; the empty one deletes."""
    now = us.now()
    written: list[Written] = []
    lines: list[dict[str, Any]] = []
    for row in rows:
        wanted: Audience = audience(row)
        version = Version(us.epoch, row.number + 1)
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
        written.append(Written(Key(us.origin, row.kind, row.id), version, wanted, now, created=False))
    _journal(session, lines)
    return written


def _journal(session: Session, lines: list[dict[str, Any]]) -> None:
    upsert(session, OwnRow, lines)
    insert(session, PendingRow, [{name: line[name] for name in ("kind", "id", "epoch", "number")} for line in lines])


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

"""What a deletion took away, kept until the deletion is sealed: so long it can be taken back. It is neither served nor shown.

A deletion may wait before it is queued to be sealed, so that there is time to think better of it. It waits no longer than
that, through restarts too; a peer's admission or removal, or a reader who cannot go on before it is sealed, ends the wait.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, or_, select, true, update
from sqlmodel import Session

from weft.clock import stamp
from weft.database.statements import chunks, insert, table
from weft.journal.models import PendingRow, RemovedRow
from weft.journal.wishes import Wish
from weft.log.feeds import ids_by_kind
from weft.protocol.ledger import Name
from weft.protocol.names import Version

LONGEST_SECONDS: Final = 3600
_removed = table(RemovedRow)
_waits = _removed.c.due != ""


class Removed(NamedTuple):
    """A record as it was when it was deleted."""

    wish: Wish
    body: bytes


def later(now: str, seconds: int) -> str:
    """The time so long after this one."""
    return stamp(datetime.fromisoformat(now) + timedelta(seconds=seconds))


def keep(session: Session, name: Name, version: Version, removed: Removed, *, due: str) -> None:
    """Keep what the deletion at this version took away. `due`: when it is to be sealed; empty when it is queued already."""
    line = {
        "kind": name[0],
        "id": name[1],
        "epoch": int(version.epoch),
        "number": version.number,
        "audience": str(removed.wish),
        "body": removed.body,
        "due": due,
    }
    insert(session, RemovedRow, [line])


def find(session: Session, name: Name) -> Removed | None:
    """The record that a deletion took away, unless that has been sealed."""
    query = select(_removed.c.audience, _removed.c.body).where(_removed.c.kind == name[0], _removed.c.id == name[1])
    line = session.connection().execute(query).first()
    return Removed(Wish.parse(line.audience), line.body) if line else None


def wipe(session: Session, names: Sequence[Name]) -> None:
    """The deletions of these were sealed or taken back: nothing of them stays."""
    if not names or session.connection().execute(select(_removed.c.kind).limit(1)).first() is None:
        return
    for kind, ids in ids_by_kind(names).items():
        for part in chunks(ids):
            session.connection().execute(delete(_removed).where(_removed.c.kind == kind, _removed.c.id.in_(part)))


def release(session: Session, now: str, hastened: Collection[Name] = ()) -> None:
    """Queue the deletions that are due, and those that somebody cannot wait for.

    One that would wait longer than any may is due as well: the clock has gone back since.
    """
    _release(session, or_(_removed.c.due <= now, _removed.c.due > later(now, LONGEST_SECONDS)))
    for kind, ids in ids_by_kind(hastened).items():
        for part in chunks(ids):
            _release(session, and_(_removed.c.kind == kind, _removed.c.id.in_(part)))


def release_all(session: Session) -> None:
    """Queue every deletion."""
    _release(session, true())


def waiting(session: Session, names: Iterable[Name]) -> list[Name]:
    """Which of these records were deleted by a deletion that waits."""
    found: list[Name] = []
    for kind, ids in ids_by_kind(names).items():
        for part in chunks(ids):
            query = select(_removed.c.id).where(_removed.c.kind == kind, _removed.c.id.in_(part), _waits)
            found += ((kind, id_) for id_ in session.connection().execute(query).scalars())
    return found


def _release(session: Session, which: ColumnElement[bool]) -> None:
    released = (
        update(_removed)
        .where(_waits, which)
        .values(due="")
        .returning(_removed.c.kind, _removed.c.id, _removed.c.epoch, _removed.c.number)
    )
    lines = session.connection().execute(released).mappings().all()
    insert(session, PendingRow, [dict(line) for line in lines])

"""Embargoes: when the time of a wish has come, the record gets a new version with the audience that was wished for."""

from sqlmodel import Session

from weft.journal import wishes
from weft.journal.incarnation import Incarnation
from weft.journal.record import Written, current, rewrite

AT_ONCE = 500


def is_due(session: Session, us: Incarnation) -> bool:
    """Whether there is a record whose time has come."""
    return bool(wishes.due(session, us.now(), 1))


def lift(session: Session, us: Incarnation) -> list[Written]:
    """Widen the records whose time has come, so many at a time; an empty list when there is none."""
    current(session, [])  # from here on no other transaction writes records of ours
    due = wishes.due(session, us.now(), AT_ONCE)
    rows = current(session, list(due))
    return rewrite(session, us, list(rows.values()), lambda row: due[row.kind, row.id].audience)

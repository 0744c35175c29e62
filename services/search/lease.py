"""The lease of draining the to-do rows. It spares work and is no lock: two holders would only do the same work twice."""

from sqlalchemy import or_, update
from sqlmodel import Session

from services.search.models import LeaseRow
from weft.database.statements import table

_lease = table(LeaseRow)


def take(session: Session, holder: str, *, now: float, until: float) -> bool:
    """Take or prolong the lease; whether nobody else has it."""
    free = or_(_lease.c.holder == holder, _lease.c.until <= now)
    taken = session.connection().execute(update(_lease).where(free).values(holder=holder, until=until))
    return taken.rowcount == 1


def release(session: Session, holder: str) -> None:
    """Let another holder take it at once."""
    session.connection().execute(update(_lease).where(_lease.c.holder == holder).values(holder="", until=0.0))

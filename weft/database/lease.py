"""A lease: which of several workers of one database does what one is enough for. It spares work and is no lock.

Two holders at once, when clocks jump or a process was frozen, only do the same work twice: what may not be done twice is
guarded where it is written.
"""

import time

from sqlalchemy import func, or_, select, update
from sqlmodel import Field, Session, SQLModel

from weft.database.statements import table


class LeaseRow(SQLModel, table=True):
    """One lease, in a row that a migration made. `until`: seconds since 1970, by the clock that the holders share."""

    __tablename__ = "lease"
    name: str = Field(primary_key=True)
    holder: str
    until: float


_lease = table(LeaseRow)


def now(session: Session) -> float:
    """The time by the one clock that all workers of a database share: the database's."""
    if session.get_bind().dialect.name == "sqlite":
        return time.time()
    told = session.connection().execute(select(func.extract("epoch", func.clock_timestamp())))
    return float(told.scalar_one())


def take(session: Session, name: str, holder: str, *, now: float, until: float) -> bool:
    """Take or prolong a lease; whether nobody else has it."""
    free = or_(_lease.c.holder == holder, _lease.c.until <= now)
    taken = session.connection().execute(
        update(_lease).where(_lease.c.name == name, free).values(holder=holder, until=until)
    )
    return taken.rowcount == 1


def release(session: Session, name: str, holder: str) -> None:
    """Let another holder take it at once."""
    session.connection().execute(
        update(_lease).where(_lease.c.name == name, _lease.c.holder == holder).values(holder="", until=0.0)
    )

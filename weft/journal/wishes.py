"""Wishes: the audience that a record is to have, and from when on. Until then it is local, and this is kept beside it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Self

from sqlalchemy import delete, select
from sqlmodel import Session

from weft.clock import stamp
from weft.database.statements import chunks, insert, table
from weft.journal.models import EmbargoRow
from weft.log.feeds import ids_by_kind
from weft.protocol.ledger import Name
from weft.protocol.names import LOCAL

_embargo = table(EmbargoRow)


class Wish(NamedTuple):
    """`public_from`: a time as `weft.clock` writes it; empty when nothing has to be waited for."""

    audience: tuple[str, ...]
    public_from: str = ""

    @classmethod
    def of(cls, audience: tuple[str, ...], public_from: str, now: str) -> Self:
        """What is wished now: a time that has passed, or that would change nothing, is none."""
        if not public_from or audience == (LOCAL,):
            return cls(audience)
        due = stamp(datetime.fromisoformat(public_from))
        return cls(audience, due) if due > now else cls(audience)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The wish that was written as this."""
        names, _, due = text.partition("@")
        return cls(tuple(names.split()), due)

    def __str__(self) -> str:
        """`network`, or `eca ece @2027-01-01T00:00:00.000Z`; no node has an @ in its name."""
        names = " ".join(self.audience)
        return f"{names} @{self.public_from}" if self.public_from else names

    @property
    def for_now(self) -> tuple[str, ...]:
        """The audience that the record has until the wish comes true."""
        return (LOCAL,) if self.public_from else self.audience


def find(session: Session, names: Iterable[Name]) -> dict[Name, Wish]:
    """The wishes that have yet to come true, of these records."""
    found: dict[Name, Wish] = {}
    if not _any(session):
        return found
    for kind, ids in ids_by_kind(names).items():
        for part in chunks(ids):
            query = select(_embargo).where(_embargo.c.kind == kind, _embargo.c.id.in_(part))
            for line in session.connection().execute(query):
                found[line.kind, line.id] = Wish(tuple(line.audience.split()), line.due)
    return found


def replace(session: Session, names: Sequence[Name], wishes: Mapping[Name, Wish]) -> None:
    """These records were written anew: from here on the wishes are those that are given, and no others."""
    if _any(session):
        for kind, ids in ids_by_kind(names).items():
            for part in chunks(ids):
                session.connection().execute(delete(_embargo).where(_embargo.c.kind == kind, _embargo.c.id.in_(part)))
    lines = [
        {"kind": kind, "id": id_, "audience": " ".join(wish.audience), "due": wish.public_from}
        for (kind, id_), wish in wishes.items()
        if wish.public_from
    ]
    insert(session, EmbargoRow, lines)


def due(session: Session, now: str, limit: int) -> dict[Name, Wish]:
    """The wishes whose time has come."""
    query = select(_embargo).where(_embargo.c.due <= now).order_by(_embargo.c.due).limit(limit)
    return {
        (line.kind, line.id): Wish(tuple(line.audience.split()), line.due)
        for line in session.connection().execute(query)
    }


def naming(session: Session, name: str) -> dict[Name, Wish]:
    """The wishes in which a peer has a part."""
    lines = session.connection().execute(select(_embargo))
    found = {(line.kind, line.id): Wish(tuple(line.audience.split()), line.due) for line in lines}
    return {record: wish for record, wish in found.items() if name in wish.audience}


def _any(session: Session) -> bool:
    """Whether there is any wish at all: there nearly never is, and then a thousand names need not be spelt out."""
    return session.connection().execute(select(_embargo.c.kind).limit(1)).first() is not None

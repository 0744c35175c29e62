"""Rows of what is shown: the columns that every kind of record has, and taking rows out. Whose they are makes no difference."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Table, delete
from sqlmodel import Session

from weft.database.statements import chunks
from weft.protocol.names import Key, Version

T = TypeVar("T")


class Entry(NamedTuple, Generic[T]):
    """A record to be shown. `audience`: who may have an own one, as the journal writes it; empty for a received one."""

    key: Key
    version: Version
    record: T
    public: bool
    audience: str = ""

    def columns(self) -> dict[str, Any]:
        """What a row of any kind begins with."""
        return {
            "origin": self.key.origin,
            "id": self.key.id,
            "epoch": int(self.version.epoch),
            "number": self.version.number,
            "public": self.public,
            "audience": self.audience,
        }


def forget(session: Session, rows: Table, keys: Iterable[Key]) -> None:
    """Take out what a table has of these records; one that is not there is no error."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.origin].append(key.id)
    for origin, ids in grouped.items():
        for part in chunks(ids):
            session.connection().execute(delete(rows).where(rows.c.origin == origin, rows.c.id.in_(part)))

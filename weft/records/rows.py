"""Rows of what is shown: the columns that every kind of record has, and taking rows out. Whose they are makes no difference."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, FromClause, Table, delete
from sqlmodel import Session

from weft.database.statements import chunks
from weft.protocol.names import Key, Version
from weft.records.sight import Sight

T = TypeVar("T")


class Entry(NamedTuple, Generic[T]):
    """A record to be shown. `audience`: who may have an own one, as a `Wish` is written; empty for a received one."""

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


class Shelf(NamedTuple):
    """Where the records of one kind are shown, and which rows a sight sees."""

    rows: FromClause
    visible: Callable[[Sight], ColumnElement[bool]]


def forget(session: Session, rows: Table, keys: Iterable[Key], **only: str) -> None:
    """Take out what a table has of these records; one that is not there is no error. `only`: what else holds of the rows."""
    grouped: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.origin].append(key.id)
    narrowed = [rows.c[column] == value for column, value in only.items()]
    for origin, ids in grouped.items():
        for part in chunks(ids):
            session.connection().execute(delete(rows).where(rows.c.origin == origin, rows.c.id.in_(part), *narrowed))

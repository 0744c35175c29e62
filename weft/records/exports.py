"""Exporting records: what a caller may see, a part at a time in the order of keys, in lines that can be imported again."""

from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import select, tuple_
from sqlmodel import Session

from weft.database import Database
from weft.database.statements import table
from weft.records import answers, sheets, wire
from weft.records.imports import CSV
from weft.records.kinds import Kind
from weft.records.listings import Filters, wanted
from weft.records.models import ShownRow
from weft.records.sight import Sight

AT_ONCE: Final = 100
"""Records of half a MiB are rare: this many of them are still read in less than a second."""
_shown = table(ShownRow)
_columns = [_shown.c[name] for name in (*answers.COLUMNS, "rest")]
_FIRST: Final = ("id", "origin", "version")


class Last(NamedTuple):
    """The last record that was exported."""

    origin: str = ""
    id: str = ""


async def lines(
    database: Database, kind: Kind[Any], asked: Filters, sight: Sight, media_type: str
) -> AsyncIterator[bytes]:
    """The export as it is sent. What changes meanwhile is in it as it was, or as it is."""
    columns = [*_FIRST, *(name for name in kind.draft.model_fields), "created_at", "updated_at"]
    if media_type == CSV:
        yield sheets.row(columns)
    place: Last | None = Last()
    while place is not None:
        part, place = await database.read(_part, kind, asked, sight, place, columns if media_type == CSV else None)
        if part:
            yield part


def _part(
    session: Session, kind: Kind[Any], asked: Filters, sight: Sight, place: Last, columns: list[str] | None
) -> tuple[bytes, Last | None]:
    order = (_shown.c.origin, _shown.c.id)
    query = wanted(select(*_columns), kind, asked, sight).where(tuple_(*order) > tuple_(*place))
    found = session.connection().execute(query.order_by(*order).limit(AT_ONCE)).all()
    records = [_with_id(line.id, answers.item(line, kind.name, sight, line.rest)) for line in found]
    last = Last(found[-1].origin, found[-1].id) if len(found) == AT_ONCE else None
    return b"".join(record + b"\n" if columns is None else _row(record, columns) for record in records), last


def _with_id(id_: str, record: bytes) -> bytes:
    return wire.joined(wire.members({"id": id_}), record[1:-1])


def _row(record: bytes, columns: Iterable[str]) -> bytes:
    said = msgspec.json.decode(record)
    return sheets.row(_written(said.get(name)) for name in columns)


def _written(value: object) -> object:
    """Countries are answered by three codes and written by one."""
    if isinstance(value, list):
        return [item["m49"] if isinstance(item, dict) and "m49" in item else item for item in value]
    return value

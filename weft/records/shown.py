"""The rows of records that are shown: putting them in and taking them out, in bulk. Whose they are makes no difference."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlmodel import Session

from weft.database.statements import insert, table, upsert
from weft.protocol.names import Key
from weft.records import wire
from weft.records.models import ShownRow, TagRow
from weft.records.rows import Entry, forget

if TYPE_CHECKING:
    from weft.records.kinds import Kind

_shown, _tag = table(ShownRow), table(TagRow)


def show(session: Session, kind: "Kind[Any]", entries: Sequence[Entry[Any]]) -> None:
    """Insert or replace these records; each comes once."""
    forget(session, _tag, [entry.key for entry in entries], kind=kind.name)
    upsert(session, ShownRow, [_row(kind, entry) for entry in entries])
    insert(session, TagRow, [tag for entry in entries for tag in _tags(kind, entry)])


def hide(session: Session, kind: "Kind[Any]", keys: Sequence[Key]) -> None:
    """Take these records out; one that is not there is no error."""
    forget(session, _tag, keys, kind=kind.name)
    forget(session, _shown, keys, kind=kind.name)


def _row(kind: "Kind[Any]", entry: Entry[Any]) -> dict[str, Any]:
    record = entry.record
    said = _answered(kind, record.model_dump(mode="json", exclude_none=True))
    listed = {name: value for name, value in said.items() if name in kind.listed}
    rest = {name: value for name, value in said.items() if name not in kind.listed and name not in kind.made}
    return {
        "kind": kind.name,
        **entry.columns(),
        "sight": kind.seen_by(record, entry.public).rank,
        "place": kind.place(record),
        "members": wire.members(listed),
        "rest": wire.members(rest),
    }


def _answered(kind: "Kind[Any]", said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: kind.answered[name](value) if name in kind.answered else value for name, value in said.items()}


def _tags(kind: "Kind[Any]", entry: Entry[Any]) -> Iterator[dict[str, str]]:
    tags = {field: list(values) for field, values in kind.tags(entry.record).items()}
    if kind.group:
        tags.setdefault(kind.group, []).append(str(entry.key))
    for field, values in tags.items():
        for value in dict.fromkeys(values):
            yield {"value": value, "field": field, "kind": kind.name, "origin": entry.key.origin, "id": entry.key.id}

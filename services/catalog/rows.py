"""The catalog's rows: putting documents into them and taking them out, in bulk. Whose they are makes no difference here."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete
from sqlmodel import Session

from services.catalog import wire
from services.catalog.models import DocumentRow, TagRow
from services.catalog.schemas import Document, DocumentOut
from weft.areas import UnknownArea, area
from weft.database.statements import chunks, insert, table, upsert
from weft.protocol.names import Key, Version

_document, _tag = table(DocumentRow), table(TagRow)
_LISTED = tuple(name for name in Document.model_fields if name != "text")
_ANSWERED = frozenset(DocumentOut.model_fields) - {"text"}


class Entry(NamedTuple):
    """A document to be shown. `audience`: who may have an own one, as the journal writes it; empty for a received one."""

    key: Key
    version: Version
    document: Document
    public: bool
    audience: str = ""


def show(session: Session, entries: Sequence[Entry]) -> None:
    """Insert or replace these documents; each comes once."""
    _forget_tags(session, [entry.key for entry in entries])
    upsert(session, DocumentRow, [_row(entry) for entry in entries])
    insert(session, TagRow, [tag for entry in entries for tag in _tags(entry)])


def hide(session: Session, keys: Sequence[Key]) -> None:
    """Take these documents out; one that is not there is no error."""
    _forget_tags(session, keys)
    for origin, ids in _ids_by_origin(keys).items():
        for part in chunks(ids):
            session.connection().execute(
                delete(_document).where(_document.c.origin == origin, _document.c.id.in_(part))
            )


def _forget_tags(session: Session, keys: Iterable[Key]) -> None:
    for origin, ids in _ids_by_origin(keys).items():
        for part in chunks(ids):
            session.connection().execute(delete(_tag).where(_tag.c.origin == origin, _tag.c.id.in_(part)))


def _ids_by_origin(keys: Iterable[Key]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.origin].append(key.id)
    return grouped


def _row(entry: Entry) -> dict[str, Any]:
    document = entry.document
    told = document.model_dump(mode="json", exclude_none=True)
    listed = {name: told[name] for name in _LISTED if name in told}
    listed["countries"] = [_codes(code) for code in document.countries]
    rest = {name: value for name, value in told.items() if name not in _ANSWERED}
    return {
        "origin": entry.key.origin,
        "id": entry.key.id,
        "epoch": int(entry.version.epoch),
        "number": entry.version.number,
        "public": entry.public,
        "audience": entry.audience,
        "type": document.type,
        "language": document.language,
        "status": document.status,
        "updated_at": document.updated_at,
        "members": wire.members(listed),
        "rest": wire.members(rest),
    }


def _codes(m49: str) -> dict[str, str | None]:
    try:
        known = area(m49)
    except UnknownArea:
        return {"m49": m49, "iso2": None, "iso3": None}
    return {"m49": m49, "iso2": known.iso2, "iso3": known.iso3}


def _tags(entry: Entry) -> list[dict[str, str]]:
    document = entry.document
    values = {
        "theme": document.themes,
        "group": document.groups,
        "country": document.countries,
        "relation": document.relation,
    }
    return [
        {"field": field, "value": value, "origin": entry.key.origin, "id": entry.key.id}
        for field, several in values.items()
        for value in several
    ]

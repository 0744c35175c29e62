"""The catalog's rows: putting documents into them and taking them out, in bulk. Whose they are makes no difference here."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from services.catalog.models import DocumentRow, TagRow
from services.catalog.schemas import DocumentOut
from weft.database.statements import insert, table, upsert
from weft.protocol.names import Key
from weft.records import wire
from weft.records.countries import codes
from weft.records.documents import Document
from weft.records.rows import Entry, forget

_document, _tag = table(DocumentRow), table(TagRow)
_LISTED = tuple(name for name in Document.model_fields if name != "text")
_ANSWERED = frozenset(DocumentOut.model_fields) - {"text"}


def show(session: Session, entries: Sequence[Entry[Document]]) -> None:
    """Insert or replace these documents; each comes once."""
    forget(session, _tag, [entry.key for entry in entries])
    upsert(session, DocumentRow, [_row(entry) for entry in entries])
    insert(session, TagRow, [tag for entry in entries for tag in _tags(entry)])


def hide(session: Session, keys: Sequence[Key]) -> None:
    """Take these documents out; one that is not there is no error."""
    forget(session, _tag, keys)
    forget(session, _document, keys)


def _row(entry: Entry[Document]) -> dict[str, Any]:
    document = entry.record
    told = document.model_dump(mode="json", exclude_none=True)
    listed = {name: told[name] for name in _LISTED if name in told}
    listed["countries"] = [codes(code) for code in document.countries]
    rest = {name: value for name, value in told.items() if name not in _ANSWERED}
    return {
        **entry.columns(),
        "type": document.type,
        "language": document.language,
        "status": document.status,
        "updated_at": document.updated_at,
        "members": wire.members(listed),
        "rest": wire.members(rest),
    }


def _tags(entry: Entry[Document]) -> list[dict[str, str]]:
    document = entry.record
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

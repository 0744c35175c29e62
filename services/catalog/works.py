"""Works: a document's translations and versions that are here, found when it is read and seen like any document."""

from typing import Any

import msgspec
from pydantic import BaseModel
from sqlalchemy import bindparam, or_, select, union_all
from sqlmodel import Session

from weft.database.statements import table
from weft.protocol.names import Key
from weft.records.documents import KIND
from weft.records.models import ShownRow, TagRow
from weft.records.sight import Sight
from weft.records.words import Day, Language, Title

MOST = 100
_shown, _tag = table(ShownRow), table(TagRow)


class InWork(BaseModel):
    """A document of the same work."""

    key: str
    title: Title
    language: Language
    issued: Day | None = None


class _Said(msgspec.Struct):
    title: str
    language: str
    issued: str | None = None


_within = or_(_tag.c.field == "translation_of", _tag.c.field == "version_of") & (_tag.c.kind == KIND)
_related = union_all(
    select(_tag.c.field).where(_within, _tag.c.origin == bindparam("its_origin"), _tag.c.id == bindparam("its_id")),
    select(_tag.c.field).where(_within, _tag.c.value == bindparam("its_key")),
).limit(1)
"""Whether a document is of a work at all: most are of none, and this is asked at every read."""


def of(session: Session, key: Key, sight: Sight) -> dict[str, Any]:
    """What of a document's work is here beside it; nothing where there is nothing."""
    named = {"its_origin": key.origin, "its_id": key.id, "its_key": str(key)}
    if session.connection().execute(_related, named).first() is None:
        return {}
    found = {
        "translations": _beside(session, key, "translation_of", sight),
        "versions": _beside(session, key, "version_of", sight),
    }
    return {name: documents for name, documents in found.items() if documents}


def _beside(session: Session, key: Key, field: str, sight: Sight) -> list[dict[str, Any]]:
    """The first document, and those that name it in this field; without the one that is asked about."""
    first = _first(session, key, field)
    own = _shown.c.origin == first.origin, _shown.c.id == first.id
    named = select(_tag.c.origin, _tag.c.id).where(
        _tag.c.value == str(first), _tag.c.field == field, _tag.c.kind == KIND
    )
    columns = select(_shown.c.origin, _shown.c.id, _shown.c.members).where(
        _shown.c.kind == KIND, _shown.c.sight <= sight.rank
    )
    others = named.subquery()
    same = (others.c.origin == _shown.c.origin) & (others.c.id == _shown.c.id)
    lines = session.connection().execute(
        columns.where(*own).union(columns.join(others, same)).order_by("origin", "id").limit(MOST + 1)
    )
    found = {Key(line.origin, KIND, line.id): line.members for line in lines}
    return [_told(other, members) for other, members in found.items() if other != key][:MOST]


def _first(session: Session, key: Key, field: str) -> Key:
    query = select(_tag.c.value).where(
        _tag.c.kind == KIND, _tag.c.origin == key.origin, _tag.c.id == key.id, _tag.c.field == field
    )
    named = session.connection().execute(query).scalar()
    return Key.parse(named) if named else key


def _told(key: Key, members: bytes) -> dict[str, Any]:
    said = msgspec.json.decode(b"{" + members + b"}", type=_Said)
    issued = {"issued": said.issued} if said.issued else {}
    return {"key": str(key), "title": said.title, "language": said.language, **issued}

"""Lineage: what a region's target or indicator complements, adapts or replaces, here or at another node, told both ways."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlmodel import Session

from services.indicators.words import Titles
from weft.database.statements import table
from weft.protocol.names import Key
from weft.records import wire
from weft.records.models import ShownRow, TagRow
from weft.records.sight import Sight
from weft.records.words import Keys

BACK: Final = {"complements": "complemented_by", "adapts": "adapted_by", "replaces": "replaced_by"}
MOST: Final = 200
"""Relatives that are told of one record; lists tell all, by their filters."""
_shown, _tag = table(ShownRow), table(TagRow)


class Descent(BaseModel):
    """What a record says of its ancestors."""

    model_config = ConfigDict(frozen=True)

    complements: Keys = Field((), max_length=50)
    adapts: Keys = Field((), max_length=50)
    replaces: Keys = Field((), max_length=50)


class Relative(BaseModel):
    """A record that is here and that the caller may see."""

    key: str
    title: Titles
    status: str


class Lineage(BaseModel):
    """Those of a record's relatives that are here, older ones and younger ones."""

    complements: tuple[Relative, ...] = ()
    complemented_by: tuple[Relative, ...] = ()
    adapts: tuple[Relative, ...] = ()
    adapted_by: tuple[Relative, ...] = ()
    replaces: tuple[Relative, ...] = ()
    replaced_by: tuple[Relative, ...] = ()


class _Said(msgspec.Struct):
    title: dict[str, str]
    status: str = ""


def tags(record: Descent) -> Mapping[str, Iterable[str]]:
    """What a record is found by from those that it descends from."""
    return {name: getattr(record, name) for name in BACK}


def of(session: Session, key: Key, sight: Sight) -> dict[str, Any]:
    """The lineage of a record as far as it is here and may be seen; nothing where there is none."""
    links = [*_older(session, key), *_younger(session, key)]
    seen = _seen(session, {other for _, other in links}, sight)
    found: dict[str, list[Relative]] = defaultdict(list)
    for name, other in links:
        if other in seen:
            found[name].append(seen[other])
    told = {name: found[name] for name in Lineage.model_fields if name in found}
    return {"lineage": Lineage(**told).model_dump(include=set(told))} if told else {}


def _older(session: Session, key: Key) -> list[tuple[str, Key]]:
    """Those that the record names."""
    own = _tag.c.kind == key.kind, _tag.c.origin == key.origin, _tag.c.id == key.id
    query = select(_tag.c.field, _tag.c.value).where(*own, _tag.c.field.in_(BACK)).order_by(_tag.c.value)
    return [(line.field, Key.parse(line.value)) for line in session.connection().execute(query)]


def _younger(session: Session, key: Key) -> list[tuple[str, Key]]:
    """Those that name the record."""
    query = select(_tag).where(_tag.c.value == str(key), _tag.c.field.in_(BACK))
    lines = session.connection().execute(query.order_by(_tag.c.origin, _tag.c.kind, _tag.c.id).limit(MOST))
    return [(BACK[line.field], Key(line.origin, line.kind, line.id)) for line in lines]


def _seen(session: Session, keys: set[Key], sight: Sight) -> dict[Key, Relative]:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.kind, key.origin].append(key.id)
    found: dict[Key, Relative] = {}
    for (kind, origin), ids in grouped.items():
        query = select(_shown.c.id, _shown.c.members).where(
            _shown.c.kind == kind, _shown.c.origin == origin, _shown.c.id.in_(ids), _shown.c.sight <= sight.rank
        )
        for line in session.connection().execute(query):
            said = msgspec.json.decode(wire.joined(line.members), type=_Said)
            other = Key(origin, kind, line.id)
            found[other] = Relative(key=str(other), title=said.title, status=said.status)
    return found

"""Lists of records of one kind, in pages: which are asked for, and which of those a caller sees. Nothing is written here."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Select, func, select, tuple_
from sqlmodel import Session

from weft.database.statements import table
from weft.protocol import names
from weft.records import answers, pages
from weft.records.models import ShownRow, TagRow
from weft.records.pages import NoPlace, Page
from weft.records.sight import Sight
from weft.records.texts import flaw

if TYPE_CHECKING:
    from weft.records.kinds import Kind

_shown, _tag = table(ShownRow), table(TagRow)
_columns = [_shown.c[name] for name in (*answers.COLUMNS, "place")]


PAGING = frozenset({"origin", "limit", "after", "format"})
"""What is asked about an answer, or of rows themselves: every other field of a kind's filters is a tag of that name."""


class Filters(BaseModel):
    """Which records are asked for. A list of values means any of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: Annotated[str, StringConstraints(pattern=f"^{names.NAME}$")] | None = None

    def tags(self) -> Iterator[tuple[str, list[str]]]:
        for name in type(self).model_fields:
            if name not in PAGING and (value := getattr(self, name)):
                yield name, [value] if isinstance(value, str) else list(value)


class Listing(Filters):
    """Which page of them is asked for."""

    limit: int = Field(50, ge=1, le=200)
    after: str | None = Field(None, max_length=1_000)


class Export(Filters):
    """In which form all of them are asked for."""

    format: Literal["ndjson", "csv"] | None = Field(None, description="Else as Accept says.")


class Place(NamedTuple):
    """The last record that was listed."""

    place: str
    origin: str
    id: str


def page(session: Session, kind: "Kind[Any]", listing: Listing, sight: Sight) -> Page:
    """Records that are asked for and may be seen, in the order of the kind."""
    matching = wanted(select(*_columns), kind, listing, sight)
    counted = matching.with_only_columns(func.count(), maintain_column_froms=True)
    total = int(session.connection().execute(counted).scalar_one())
    order = (_shown.c.place, _shown.c.origin, _shown.c.id)
    if listing.after:
        here, there = tuple_(*order), tuple_(*_place(listing.after))
        matching = matching.where(here < there if kind.newest_first else here > there)
    ordered = [column.desc() for column in order] if kind.newest_first else list(order)
    lines = session.connection().execute(matching.order_by(*ordered).limit(listing.limit + 1)).all()
    shown = lines[: listing.limit]
    last = shown[-1] if len(lines) > len(shown) else None
    more = pages.written(Place(last.place, last.origin, last.id)) if last else None
    return Page([answers.item(line, kind.name, sight) for line in shown], total, more)


def wanted(query: Select[Any], kind: "Kind[Any]", asked: Filters, sight: Sight) -> Select[Any]:
    """The rows of what is asked for and may be seen."""
    query = query.where(_shown.c.kind == kind.name, _shown.c.sight <= sight.rank)
    if asked.origin:
        query = query.where(_shown.c.origin == asked.origin)
    for field, values in asked.tags():
        tagged = select(_tag.c.origin, _tag.c.id).where(
            _tag.c.value.in_(values), _tag.c.field == field, _tag.c.kind == kind.name
        )
        tag = (tagged if len(values) == 1 else tagged.distinct()).subquery()
        query = query.join(tag, (tag.c.origin == _shown.c.origin) & (tag.c.id == _shown.c.id))
    return query


def _place(text: str) -> Place:
    place = pages.read(text, Place)
    if any(flaw(part) for part in place):
        raise NoPlace
    return place

"""The shelf: finding and listing the series that are shown, for whoever may see them. Nothing is written here."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlmodel import Session

from services.indicators import wire
from services.indicators.dimensions import DIMENSIONS
from services.indicators.models import SeriesRow
from services.indicators.pages import Place
from services.indicators.schemas import KIND, Listing
from services.indicators.sight import Sight, visible
from weft.areas import members
from weft.database.statements import table
from weft.journal.record import audience_of
from weft.problems import NotFound
from weft.protocol.names import LOCAL, NETWORK, Key, Version

_series = table(SeriesRow)
_names = ("origin", "id", "epoch", "number", "public", "audience", "members")
_shown = [_series.c[name] for name in _names]


class Answer(NamedTuple):
    """A series as the bytes that answer a request."""

    version: Version
    data: bytes


class Page(NamedTuple):
    """Items, how many there are in all, and the `after` of the page that follows."""

    items: list[bytes]
    total: int
    next: str | None

    def to_bytes(self) -> bytes:
        rest = wire.members({"total": self.total, "next": self.next})
        return b'{"items":[' + b",".join(self.items) + b"]," + rest + b"}"


def find(session: Session, key: Key, sight: Sight) -> Answer:
    """One series.

    Raises:
        NotFound: it is not here, or not for this caller.
    """
    query = select(*_shown, _series.c.rest).where(
        _series.c.origin == key.origin, _series.c.id == key.id, visible(sight)
    )
    line = session.connection().execute(query).first()
    if line is None:
        raise NotFound(f"there is no series {key.origin}/{key.id}")
    return Answer(Version(line.epoch, line.number), _item(line, sight, line.rest))


def page(session: Session, listing: Listing, sight: Sight) -> Page:
    """Series that are asked for and may be seen, in the order of their keys."""
    matching = [visible(sight), *filters(listing)]
    counted = select(func.count()).select_from(_series).where(*matching)
    total = int(session.connection().execute(counted).scalar_one())
    order = (_series.c.origin, _series.c.id)
    query = select(*_shown).where(*matching).order_by(*order).limit(listing.limit + 1)
    if listing.after:
        place = Place.read(listing.after)
        query = query.where(tuple_(*order) > tuple_(place.origin, place.id))
    lines = session.connection().execute(query).all()
    shown = lines[: listing.limit]
    more = Place(shown[-1].origin, shown[-1].id).write() if len(lines) > len(shown) else None
    return Page([_item(line, sight) for line in shown], total, more)


def filters(listing: Listing) -> Iterator[ColumnElement[bool]]:
    """What must hold of a row for it to be asked for."""
    if listing.origin:
        yield _series.c.origin == listing.origin
    for name in map(str.lower, DIMENSIONS):
        if codes := getattr(listing, name):
            yield _series.c[name].in_(codes)
    if listing.commission:
        yield _series.c.ref_area.in_([member.m49 for member in members(listing.commission)])


def _item(line: Any, sight: Sight, rest: bytes = b"") -> bytes:
    head: dict[str, object] = {
        "origin": line.origin,
        "key": str(Key(line.origin, KIND, line.id)),
        "version": str(Version(line.epoch, line.number)),
        "visibility": "public" if line.public else "restricted",
    }
    if line.audience and sight is Sight.EDITORS:
        audience = audience_of(line.audience)
        head["audience"] = audience[0] if audience in {(LOCAL,), (NETWORK,)} else audience
    return wire.joined(wire.members(head), line.members, rest)

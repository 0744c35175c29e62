"""The shelf: finding and listing the series that are shown, for whoever may see them. Nothing is written here."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlmodel import Session

from services.indicators import pages
from services.indicators.dimensions import DIMENSIONS
from services.indicators.models import SeriesRow
from services.indicators.pages import Place
from services.indicators.schemas import KIND, Asked, Listing
from services.indicators.sight import visible
from weft.areas import members
from weft.database.statements import table
from weft.protocol.names import Key
from weft.records import answers
from weft.records.answers import COLUMNS, Answer
from weft.records.pages import Page, written
from weft.records.rows import Shelf
from weft.records.sight import Sight

_series = table(SeriesRow)
SHELF = Shelf(_series, visible)
_shown = [_series.c[name] for name in COLUMNS]


def find(session: Session, key: Key, sight: Sight) -> Answer:
    """One series.

    Raises:
        NotFound: it is not here, or not for this caller.
    """
    return answers.find(session, SHELF, key, sight)


def page(session: Session, listing: Listing, sight: Sight) -> Page:
    """Series that are asked for and may be seen, in the order of their keys."""
    matching = [visible(sight), *filters(listing)]
    counted = select(func.count()).select_from(_series).where(*matching)
    total = int(session.connection().execute(counted).scalar_one())
    order = (_series.c.origin, _series.c.id)
    query = select(*_shown).where(*matching).order_by(*order).limit(listing.limit + 1)
    if listing.after:
        place = pages.read(listing.after)
        query = query.where(tuple_(*order) > tuple_(place.origin, place.id))
    lines = session.connection().execute(query).all()
    shown = lines[: listing.limit]
    more = written(Place(shown[-1].origin, shown[-1].id)) if len(lines) > len(shown) else None
    return Page([answers.item(line, KIND, sight) for line in shown], total, more)


def filters(listing: Asked) -> Iterator[ColumnElement[bool]]:
    """What must hold of a row for it to be asked for."""
    if listing.origin:
        yield _series.c.origin == listing.origin
    for name in map(str.lower, DIMENSIONS):
        if codes := getattr(listing, name):
            yield _series.c[name].in_(codes)
    if listing.commission:
        yield _series.c.ref_area.in_([member.m49 for member in members(listing.commission)])

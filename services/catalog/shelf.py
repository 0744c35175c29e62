"""The shelf: finding and listing the documents that are shown, for whoever may see them. Nothing is written here."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlmodel import Session

from services.catalog import pages
from services.catalog.models import DocumentRow, TagRow
from services.catalog.pages import Place
from services.catalog.schemas import Listing
from services.catalog.sight import visible
from weft.database.statements import table
from weft.protocol.names import Key
from weft.records import answers
from weft.records.answers import COLUMNS, Answer
from weft.records.documents import KIND
from weft.records.pages import Page, written
from weft.records.sight import Sight

_document, _tag = table(DocumentRow), table(TagRow)
_shown = [_document.c[name] for name in (*COLUMNS, "updated_at")]


def find(session: Session, key: Key, sight: Sight) -> Answer:
    """One document.

    Raises:
        NotFound: it is not here, or not for this caller.
    """
    return answers.find(session, _document, key, sight, visible(sight))


def page(session: Session, listing: Listing, sight: Sight) -> Page:
    """Documents that are asked for and may be seen, the newest first."""
    matching = select(*_shown).where(visible(sight), *_filters(listing))
    for field in ("theme", "group", "country"):
        if value := getattr(listing, field):
            tag = _tag.alias(field)
            same = (tag.c.origin == _document.c.origin) & (tag.c.id == _document.c.id)
            matching = matching.join(tag, same & (tag.c.field == field) & (tag.c.value == value))
    counted = matching.with_only_columns(func.count(), maintain_column_froms=True)
    total = int(session.connection().execute(counted).scalar_one())
    order = tuple_(_document.c.updated_at, _document.c.origin, _document.c.id)
    if listing.after:
        matching = matching.where(order < tuple_(*pages.read(listing.after)))
    newest = (_document.c.updated_at.desc(), _document.c.origin.desc(), _document.c.id.desc())
    lines = session.connection().execute(matching.order_by(*newest).limit(listing.limit + 1)).all()
    shown = lines[: listing.limit]
    last = shown[-1] if len(lines) > len(shown) else None
    more = written(Place(last.updated_at, last.origin, last.id)) if last else None
    return Page([answers.item(line, KIND, sight) for line in shown], total, more)


def _filters(listing: Listing) -> Iterable[ColumnElement[bool]]:
    for name in ("origin", "type", "status"):
        if value := getattr(listing, name):
            yield _document.c[name] == value
    if listing.language:
        within = _document.c.language.startswith(f"{listing.language}-", autoescape=True)
        yield or_(_document.c.language == listing.language, within)

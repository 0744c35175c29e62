"""The shelf: finding and listing the documents that are shown, for whoever may see them. Nothing is written here."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlmodel import Session

from services.catalog import pages, wire
from services.catalog.models import DocumentRow, TagRow
from services.catalog.pages import Place
from services.catalog.schemas import KIND, Listing
from services.catalog.sight import Sight, visible
from weft.database.statements import table
from weft.journal.record import audience_of
from weft.problems import NotFound
from weft.protocol.names import LOCAL, NETWORK, Key, Version

_document, _tag = table(DocumentRow), table(TagRow)
_names = ("origin", "id", "epoch", "number", "public", "audience", "updated_at", "members")
_shown = [_document.c[name] for name in _names]


class Answer(NamedTuple):
    """A document as the bytes that answer a request."""

    version: Version
    data: bytes


class Page(NamedTuple):
    """Documents, how many there are in all, and the `after` of the page that follows."""

    items: list[bytes]
    total: int
    next: str | None

    def to_bytes(self) -> bytes:
        rest = wire.members({"total": self.total, "next": self.next})
        return b'{"items":[' + b",".join(self.items) + b"]," + rest + b"}"


def find(session: Session, key: Key, sight: Sight) -> Answer:
    """One document.

    Raises:
        NotFound: it is not here, or not for this caller.
    """
    query = select(*_shown, _document.c.rest).where(
        _document.c.origin == key.origin, _document.c.id == key.id, visible(sight)
    )
    line = session.connection().execute(query).first()
    if line is None:
        raise NotFound(f"there is no document {key.origin}/{key.id}")
    return Answer(Version(line.epoch, line.number), _item(line, sight, line.rest))


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
    more = Place(shown[-1].updated_at, shown[-1].origin, shown[-1].id).write() if len(lines) > len(shown) else None
    return Page([_item(line, sight) for line in shown], total, more)


def _filters(listing: Listing) -> Iterable[ColumnElement[bool]]:
    for name in ("origin", "type", "status"):
        if value := getattr(listing, name):
            yield _document.c[name] == value
    if listing.language:
        within = _document.c.language.startswith(f"{listing.language}-", autoescape=True)
        yield or_(_document.c.language == listing.language, within)


def _item(line: Any, sight: Sight, rest: bytes = b"") -> bytes:
    head: wire.Object = {
        "origin": line.origin,
        "key": str(Key(line.origin, KIND, line.id)),
        "version": str(Version(line.epoch, line.number)),
        "visibility": "public" if line.public else "restricted",
    }
    if line.audience and sight is Sight.EDITORS:
        audience = audience_of(line.audience)
        head["audience"] = audience[0] if audience in {(LOCAL,), (NETWORK,)} else audience
    return b"{" + b",".join(part for part in (wire.members(head), line.members, rest) if part) + b"}"

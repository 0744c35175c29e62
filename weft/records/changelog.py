"""The changes of what is shown, in pages: what a client asks again and again to keep a copy. Written by `changes`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Row, or_, select
from sqlmodel import Session

from weft.database.statements import table
from weft.problems import Invalid, Problem
from weft.protocol import names
from weft.protocol.names import Key, Version
from weft.records import answers, changes, pages, wire
from weft.records.answers import COLUMNS
from weft.records.models import ChangeRow
from weft.records.pages import NoPlace
from weft.records.rows import Shelf
from weft.records.sight import Sight

MOST: Final = 1_000
BYTES: Final = 8 * 1024 * 1024
"""A page ends with the record that passes this."""
AT_ONCE: Final = 20
"""Records are read so many at a time, since they may be large."""
_change = table(ChangeRow)


class CursorGone(Problem):
    status, code, title = 410, "cursor-gone", "Nothing can be told from that cursor on"
    hint = "Forget what you have, and begin anew without 'since'."


class Asked(BaseModel):
    """Which changes are asked for. `since`: the `next` of the last answer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: str | None = Field(None, max_length=2_000)
    kinds: list[Annotated[str, StringConstraints(pattern=f"^{names.KIND}$")]] = Field([], max_length=40)
    limit: int = Field(100, ge=1, le=MOST)
    wait: float = Field(
        0, ge=0, le=25, description="So many seconds the answer may take while there is nothing to tell."
    )
    records: bool = Field(False, description="Whether each put brings the record with it.")


Shelves = Mapping[str, Shelf]
"""By kind."""


class Place(NamedTuple):
    """How far a client has come. It has heard of no deletion up to `start`: it began there, with nothing to delete."""

    generation: str
    sight: int
    kinds: tuple[str, ...]
    position: int
    start: int


class Page(NamedTuple):
    """Changes as they are answered, the place where they end, and whether more are there already."""

    items: list[bytes]
    next: str
    more: bool

    def to_bytes(self) -> bytes:
        rest = wire.members({"next": self.next, "more": self.more})
        return b'{"items":[' + b",".join(self.items) + b"]," + rest + b"}"


def page(session: Session, asked: Asked, sight: Sight, shelves: Shelves) -> Page:
    """The changes that follow a place, for this sight.

    Raises:
        Invalid: the text says no place.
        CursorGone: it says one of another run of positions, of other rights or of other kinds.
    """
    place = _place(session, asked, sight)
    query = (
        select(_change)
        .where(
            _change.c.position > place.position,
            _change.c.sight <= sight.rank,
            _change.c.upto >= sight.rank,
            or_(_change.c.op == "put", _change.c.position > place.start),
        )
        .order_by(_change.c.position)
        .limit(asked.limit + 1)
    )
    if place.kinds:
        query = query.where(_change.c.kind.in_(place.kinds))
    lines = session.connection().execute(query).all()
    items = _items(session, lines[: asked.limit], sight, shelves if asked.records else {})
    reached = lines[len(items) - 1].position if items else place.position
    return Page(items, pages.written(place._replace(position=reached)), len(lines) > len(items))


def _place(session: Session, asked: Asked, sight: Sight) -> Place:
    here = Place(changes.generation(session), sight.rank, tuple(sorted(set(asked.kinds))), 0, 0)
    if not asked.since:
        return here._replace(start=changes.last(session))
    try:
        place = pages.read(asked.since, Place)
    except NoPlace:
        raise Invalid("since: is not the 'next' of an answer; begin again without it") from None
    if not 0 <= place.position < 1 << 63 or not 0 <= place.start < 1 << 63:
        raise Invalid("since: is not the 'next' of an answer; begin again without it")
    if place.generation != here.generation:
        raise CursorGone("this node's database was restored since")
    if place.sight != here.sight:
        raise CursorGone("the cursor was given to somebody with other rights")
    if place.kinds != here.kinds:
        raise CursorGone(f"the cursor is about {', '.join(place.kinds) or 'all kinds'}")
    return place


def _items(session: Session, lines: Sequence[Row[Any]], sight: Sight, shelves: Shelves) -> list[bytes]:
    items: list[bytes] = []
    size = 0
    for at in range(0, len(lines), AT_ONCE):
        part = lines[at : at + AT_ONCE]
        records = _records(session, [_key(line) for line in part if line.op == "put"], sight, shelves)
        for line in part:
            items.append(_item(line, records.get(_key(line))))
            size += len(items[-1])
            if size > BYTES:
                return items
    return items


def _item(line: Row[Any], record: bytes | None) -> bytes:
    key = _key(line)
    said = {
        "op": line.op,
        **key._asdict(),
        "key": str(key),
        "version": str(Version(line.epoch, line.number)),
        "changed_at": line.at,
    }
    return wire.joined(wire.members(said), b'"record":' + record if record else b"")


def _key(line: Row[Any]) -> Key:
    return Key(line.origin, line.kind, line.id)


def _records(session: Session, keys: Iterable[Key], sight: Sight, shelves: Shelves) -> dict[Key, bytes]:
    """The records as they are answered when they are asked for one by one."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.origin, key.kind].append(key.id)
    found: dict[Key, bytes] = {}
    for (origin, kind), ids in grouped.items():
        if (shelf := shelves.get(kind)) is None:
            continue
        rows = shelf.rows.c
        query = select(*(rows[name] for name in COLUMNS), rows.rest).where(
            rows.origin == origin, rows.id.in_(ids), shelf.visible(sight)
        )
        for line in session.connection().execute(query):
            found[Key(origin, kind, line.id)] = answers.item(line, kind, sight, line.rest)
    return found

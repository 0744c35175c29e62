"""What changed last of each key that is shown, for each sight, with a position that rises: so that clients keep copies.

Written in the transaction that shows or hides a record. Positions are in the order of commits: one writer at a time. A key
has one row, or up to three where sights differ; deleted keys keep theirs. Reading it in pages: `weft.records.changelog`.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, delete, func, or_, select, update
from sqlmodel import Session

from weft.clock import utc_now
from weft.database.statements import chunks, one_writer, table, upsert
from weft.protocol.names import Key, Version
from weft.records.models import ChangeRow, GenerationRow
from weft.records.sight import SIGHTS, Sight

NOBODY: Final = len(SIGHTS)
_change, _generation = table(ChangeRow), table(GenerationRow)


class Seen(NamedTuple):
    """A record as it is shown from now on, and who sees it at the least."""

    key: Key
    version: Version
    by: Sight


class Told(NamedTuple):
    """The last that a sight is told of a key."""

    position: int
    op: str
    version: Version
    at: str


Telling = tuple[Told | None, ...]
"""The last that each sight is told of a key, in the order of sights."""
UNHEARD: Final[Telling] = (None,) * len(SIGHTS)


def note(session: Session, seen: Sequence[Seen]) -> None:
    """These records are shown, each of which comes once."""
    _note(session, {item.key: (item.version, item.by.rank) for item in seen})


def gone(session: Session, keys: Mapping[Key, Version | None]) -> None:
    """These records are shown no longer, since the version that is given where it is known."""
    _note(session, {key: (version, NOBODY) for key, version in keys.items()})


def knows(session: Session, key: Key, version: Version, sight: Sight) -> bool:
    """Whether this version of a key, or a later one, is shown or hidden here, as far as this sight is told."""
    query = select(_change.c.epoch, _change.c.number).where(
        _change.c.origin == key.origin,
        _change.c.kind == key.kind,
        _change.c.id == key.id,
        _change.c.sight <= sight.rank,
        _change.c.upto >= sight.rank,
    )
    line = session.connection().execute(query).first()
    return line is not None and Version(line.epoch, line.number) >= version


def generation(session: Session) -> str:
    """Which run of positions this is."""
    return str(session.connection().execute(select(_generation.c.generation)).scalar_one())


def renew(session: Session) -> None:
    """Begin another run of positions: the database has gone back, and will give out again what it gave before."""
    session.connection().execute(update(_generation).values(generation=secrets.token_hex(8)))


def last(session: Session) -> int:
    """The highest position."""
    return int(session.connection().execute(select(func.max(_change.c.position))).scalar() or 0)


def told(before: Telling, put: Told, rank: int, *, known: bool = True) -> Telling:
    """What each sight is told after a change, when those from `rank` on see the record.

    Who saw it and does so no longer is told of a deletion; who never saw it, or lost it earlier, of nothing.
    `known`: whether the version of the change is; else it is the last that was told.
    """

    def lost(held: Told) -> Told:
        return put._replace(op="delete", version=put.version if known else held.version)

    return tuple(
        put if at >= rank else lost(held) if held and held.op == "put" else held for at, held in enumerate(before)
    )


def _note(session: Session, changed: Mapping[Key, tuple[Version | None, int]]) -> None:
    if not changed:
        return
    one_writer(session)
    before = _tellings(session, changed)
    position = last(session)
    at = utc_now()
    lines: list[dict[str, Any]] = []
    ended: list[tuple[Key, int]] = []
    for key, (version, rank) in changed.items():
        held = before.get(key, UNHEARD)
        position += 1
        put = Told(position, "put", version or Version(0, 0), at)
        after = told(held, put, rank, known=version is not None)
        if after == held:
            continue
        rows = list(_runs(after))
        lines += (_line(key, *row) for row in rows)
        kept = {first for first, _, _ in rows}
        ended += ((key, first) for first, _, _ in _runs(held) if first not in kept)
    _forget(session, ended)
    upsert(session, ChangeRow, lines)


def _tellings(session: Session, keys: Iterable[Key]) -> dict[Key, Telling]:
    found: dict[Key, list[Told | None]] = defaultdict(lambda: list(UNHEARD))
    for (origin, kind), ids in _grouped(keys).items():
        for part in chunks(ids):
            query = select(_change).where(_change.c.origin == origin, _change.c.kind == kind, _change.c.id.in_(part))
            for line in session.connection().execute(query):
                here = Told(line.position, line.op, Version(line.epoch, line.number), line.at)
                for rank in range(line.sight, line.upto + 1):
                    found[Key(origin, kind, line.id)][rank] = here
    return {key: tuple(telling) for key, telling in found.items()}


def _runs(telling: Telling) -> Iterator[tuple[int, int, Told]]:
    """Neighbouring sights that are told the same, as one: from which, up to which, and what."""
    first = 0
    for rank, here in enumerate(telling):
        if rank + 1 == len(telling) or telling[rank + 1] != here:
            if here is not None:
                yield first, rank, here
            first = rank + 1


def _line(key: Key, first: int, upto: int, here: Told) -> dict[str, Any]:
    return {
        "origin": key.origin,
        "kind": key.kind,
        "id": key.id,
        "sight": first,
        "upto": upto,
        "position": here.position,
        "op": here.op,
        "epoch": int(here.version.epoch),
        "number": here.version.number,
        "at": here.at,
    }


def _forget(session: Session, rows: Sequence[tuple[Key, int]]) -> None:
    for part in chunks(rows, 100):
        same = [
            and_(
                _change.c.origin == key.origin,
                _change.c.kind == key.kind,
                _change.c.id == key.id,
                _change.c.sight == first,
            )
            for key, first in part
        ]
        session.connection().execute(delete(_change).where(or_(*same)))


def _grouped(keys: Iterable[Key]) -> Mapping[tuple[str, str], list[str]]:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.origin, key.kind].append(key.id)
    return grouped

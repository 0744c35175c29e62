"""What is shown, and what the index has yet to hear of it, in one transaction. No engine here, no SQL elsewhere.

A gate is a number that rises with every change of what is shown. The row of the last gate stays locked until its
transaction ends, so gates are in the order of commits and the index can tell which of two states is newer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, delete, func, select, tuple_, update
from sqlmodel import Session

from services.search import sight
from services.search.documents import Body, folded
from services.search.engine.interface import Refusal, Visibility
from services.search.models import GateRow, IndexedRow, TodoRow
from weft.database.statements import chunks, table, upsert
from weft.protocol.names import Key, Version

_indexed, _todo, _gate = table(IndexedRow), table(TodoRow), table(GateRow)
_same = and_(
    _indexed.c.origin == _todo.c.origin, _indexed.c.kind == _todo.c.kind, _indexed.c.id == _todo.c.id
)  # the same record
_waits = _todo.c.gate.is_not(None) & _todo.c.refused.is_(None)
_shown = (_indexed.c.epoch, _indexed.c.number, _indexed.c.public, _indexed.c.body)
BATCH_BYTES = 8 * 1024 * 1024
"""Bodies that are held at a time: a batch ends with the one that passes this."""


class Entry(NamedTuple):
    """A record that is to be shown."""

    key: Key
    version: Version
    public: bool
    body: Body
    data: bytes


class Due(NamedTuple):
    """A record that the index has to be told of: as it is shown, or with no body that it is not."""

    key: Key
    gate: int
    version: Version
    public: bool
    data: bytes | None


class Held(NamedTuple):
    """A record as it is shown. `waiting`: the index has yet to be told."""

    key: Key
    gate: int
    version: Version
    public: bool
    data: bytes
    waiting: bool


class Gates(NamedTuple):
    """`settled`: the highest that the index must have of what is shown. `last`: the highest that was given out.

    `generation`: the index that was told of them.
    """

    settled: int
    last: int
    generation: str


class Suggested(NamedTuple):
    """A document whose title begins as was asked."""

    key: Key
    data: bytes


def show(session: Session, entries: Sequence[Entry]) -> None:
    """Show these records, each of which comes once."""
    lines = [
        {
            "origin": entry.key.origin,
            "kind": entry.key.kind,
            "id": entry.key.id,
            "epoch": int(entry.version.epoch),
            "number": entry.version.number,
            "gate": gate,
            "public": entry.public,
            "draft": entry.body.draft,
            "title": folded(entry.body.title),
            "body": entry.data,
        }
        for entry, gate in _gated(session, entries)
    ]
    upsert(session, IndexedRow, lines)
    _note(session, [(entry.key, line["gate"]) for entry, line in zip(entries, lines, strict=True)])


def hide(session: Session, keys: Iterable[Key]) -> None:
    """Show these records no longer; one that is not shown is no error."""
    gated = dict(_gated(session, list(keys)))
    gone: list[Key] = []
    for (origin, kind), ids in _grouped(gated).items():
        for part in chunks(ids):
            removal = (
                delete(_indexed)
                .where(_indexed.c.origin == origin, _indexed.c.kind == kind, _indexed.c.id.in_(part))
                .returning(_indexed.c.id)
            )
            gone += [Key(origin, kind, id_) for id_ in session.connection().execute(removal).scalars()]
    _note(session, [(key, gated[key]) for key in gone])


def due(session: Session, limit: int) -> list[Due]:
    """What the index has to be told next, in the order of the gates."""
    query = (
        select(_todo, *_shown)
        .select_from(_todo.join(_indexed, _same, isouter=True))
        .where(_todo.c.refused.is_(None))
        .order_by(_todo.c.gate)
        .limit(limit)
    )
    return [
        Due(Key(line.origin, line.kind, line.id), line.gate, Version(line.epoch, line.number), line.public, line.body)
        for line in _few(session, query)
    ]


def done(session: Session, told: Sequence[Due], refusals: Sequence[Refusal] = ()) -> int:
    """The index was told these; what changed meanwhile has another gate and stays. Returns how many still wait.

    What it refused stays too, with the reason, until it changes or the index is made anew.
    """
    why = dict(refusals)
    refused = {item.gate: why[str(item.key)] for item in told if str(item.key) in why}
    for part in chunks([item.gate for item in told if item.gate not in refused]):
        session.connection().execute(delete(_todo).where(_todo.c.gate.in_(part)))
    for gate, reason in refused.items():
        session.connection().execute(update(_todo).where(_todo.c.gate == gate).values(refused=reason))
    return waiting(session)


def made_anew(session: Session, generation: str) -> None:
    """This is the index from now on; what another one refused is to be told again."""
    session.connection().execute(update(_gate).values(generation=generation))
    session.connection().execute(update(_todo).where(_todo.c.refused.is_not(None)).values(refused=None))


def waiting(session: Session) -> int:
    """How many records the index has yet to be told of."""
    count = select(func.count()).select_from(_todo).where(_todo.c.refused.is_(None))
    return int(session.connection().execute(count).scalar_one())


def waiting_among(session: Session, keys: Iterable[Key]) -> set[Key]:
    """Which of these records the index has yet to be told of."""
    found: set[Key] = set()
    for (origin, kind), ids in _grouped(keys).items():
        for part in chunks(ids):
            query = select(_todo.c.id).where(_todo.c.origin == origin, _todo.c.kind == kind, _todo.c.id.in_(part))
            found.update(Key(origin, kind, id_) for id_ in session.connection().execute(query).scalars())
    return found


def page(session: Session, after: Key | None, limit: int) -> list[Held]:
    """The shown records that follow a key, in the order of keys; none at the end."""
    key = (_indexed.c.origin, _indexed.c.kind, _indexed.c.id)
    query = (
        select(*key, _indexed.c.gate, *_shown, _waits.label("waiting"))
        .select_from(_indexed.join(_todo, _same, isouter=True))
        .order_by(*key)
        .limit(limit)
    )
    if after:
        query = query.where(tuple_(*key) > tuple_(*after))
    return [
        Held(
            Key(line.origin, line.kind, line.id),
            line.gate,
            Version(line.epoch, line.number),
            line.public,
            line.body,
            bool(line.waiting),
        )
        for line in _few(session, query)
    ]


def gates(session: Session) -> Gates:
    """What the index's own latest gate must lie between."""
    highest = select(_indexed.c.gate).join(_todo, _same, isouter=True).where(_todo.c.gate.is_(None))
    settled = session.connection().execute(highest.order_by(_indexed.c.gate.desc()).limit(1)).scalar()
    given = session.connection().execute(select(_gate.c.last, _gate.c.generation)).one()
    return Gates(int(settled or 0), int(given.last), given.generation)


def suggestions(session: Session, beginning: bytes, seen_by: Visibility, limit: int) -> list[Suggested]:
    """Documents whose folded titles begin so, in the order of titles."""
    query = (
        select(_indexed.c.origin, _indexed.c.kind, _indexed.c.id, _indexed.c.body)
        .where(_indexed.c.title >= beginning, _indexed.c.title < beginning + b"\xff", sight.visible(seen_by))
        .order_by(_indexed.c.title, _indexed.c.origin, _indexed.c.id)
        .limit(limit)
    )
    lines = session.connection().execute(query)
    return [Suggested(Key(line.origin, line.kind, line.id), line.body) for line in lines]


def _gated(session: Session, items: Sequence[Any]) -> Iterator[tuple[Any, int]]:
    """Each with a gate of its own, later than all that were given out. Locks the gate, so it comes before other locks."""
    if not items:
        return iter(())
    rise = update(_gate).values(last=_gate.c.last + len(items)).returning(_gate.c.last)
    last = int(session.connection().execute(rise).scalar_one())
    return zip(items, range(last - len(items) + 1, last + 1), strict=True)


def _note(session: Session, changed: Sequence[tuple[Key, int]]) -> None:
    upsert(session, TodoRow, [{**key._asdict(), "gate": gate, "refused": None} for key, gate in changed])


def _grouped(keys: Iterable[Key]) -> dict[tuple[str, str], list[str]]:
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.origin, key.kind].append(key.id)
    return grouped


def _few(session: Session, query: Select[Any]) -> Iterator[Any]:
    """The first lines, as many as may be held at a time; one at least."""
    size = 0
    with session.connection().execute(query.execution_options(yield_per=50)) as lines:
        for line in lines:
            yield line
            size += len(line.body or b"")
            if size > BATCH_BYTES:
                return

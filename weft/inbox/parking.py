"""Parking: an unusual number of deletions stays shown until an operator decides (rule 4). Ledgers never notice."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import delete, func, select
from sqlmodel import Session

from weft.database.statements import insert, table, upsert
from weft.inbox.models import DeletionRow, ParkedRow
from weft.inbox.moment import Moment
from weft.log.feeds import ids_by_kind
from weft.log.models import LedgerRow
from weft.protocol.guard import DAY_SECONDS, Guard
from weft.protocol.holds import Parked, Shown
from weft.protocol.ledger import Entry, Name
from weft.protocol.names import NETWORK, Version

_parked, _deletion, _ledger = table(ParkedRow), table(DeletionRow), table(LedgerRow)


def find(session: Session, origin: str, names: Iterable[Name]) -> dict[Name, Parked]:
    """Which of these records are shown only because their deletion waits."""
    found: dict[Name, Parked] = {}
    for kind, ids in ids_by_kind(names).items():
        query = select(_parked).where(_parked.c.origin == origin, _parked.c.kind == kind, _parked.c.id.in_(ids))
        for line in session.connection().execute(query):
            feeds = frozenset({NETWORK}) if line.public else frozenset({"peer"})
            shown = Shown(Version(line.shown_epoch, line.shown_number), line.shown_hash, feeds)
            found[line.kind, line.id] = Parked(Version(line.epoch, line.number), shown)
    return found


def hold_back(
    session: Session,
    guard: Guard,
    origin: str,
    hidden: Mapping[Name, Shown],
    changed: Mapping[Name, Entry | None],
    *,
    moment: Moment,
) -> list[Name]:
    """Park the deletions among `hidden` when they are unusually many; otherwise count them. Returns the parked names."""
    deleted = {name: entry for name in hidden if (entry := changed[name]) is not None and entry.op == "delete"}
    if not deleted:
        return []
    recent = _recent(session, origin, moment.seconds)
    held = _held(session, origin) + len(recent) + len(deleted)
    if not guard.parks(deletions=recent, now=moment.seconds, held_a_day_ago=held, incoming=len(deleted)):
        insert(session, DeletionRow, [{"origin": origin, "at": moment.seconds} for _ in deleted])
        return []
    lines = [
        {
            "origin": origin,
            "kind": name[0],
            "id": name[1],
            "epoch": int(entry.version.epoch),
            "number": entry.version.number,
            "shown_epoch": int(hidden[name].version.epoch),
            "shown_number": hidden[name].version.number,
            "shown_hash": hidden[name].hash,
            "public": NETWORK in hidden[name].feeds,
            "at": moment.now,
        }
        for name, entry in deleted.items()
    ]
    upsert(session, ParkedRow, lines)
    return list(deleted)


def end(session: Session, origin: str, names: Sequence[Name]) -> None:
    """A later version came, or an operator decided: the deletion no longer waits."""
    for kind, ids in ids_by_kind(names).items():
        session.connection().execute(
            delete(_parked).where(_parked.c.origin == origin, _parked.c.kind == kind, _parked.c.id.in_(ids))
        )


def _recent(session: Session, origin: str, now: float) -> list[float]:
    """The times of the last day's deletions; older ones are forgotten."""
    session.connection().execute(delete(_deletion).where(_deletion.c.at <= now - DAY_SECONDS))
    return list(session.connection().execute(select(_deletion.c.at).where(_deletion.c.origin == origin)).scalars())


def _held(session: Session, origin: str) -> int:
    query = select(func.count()).select_from(_ledger).where(_ledger.c.origin == origin, _ledger.c.op == "put")
    return int(session.connection().execute(query).scalar_one())

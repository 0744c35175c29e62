"""Settling: ledger entries change, and with them what is shown. Every way into a ledger ends here, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session

from weft.database.statements import table, upsert
from weft.inbox import parking
from weft.inbox.effects import Projection, Rejected, Show
from weft.inbox.models import QuarantineRow
from weft.inbox.moment import Moment
from weft.log import feeds
from weft.log.models import FeedRow, LedgerRow
from weft.protocol import holds
from weft.protocol.frames import Body
from weft.protocol.guard import Guard
from weft.protocol.holds import Shown
from weft.protocol.ledger import Entry, Name
from weft.protocol.names import NETWORK, Feed, Key, Version

_ledger, _quarantine, _feed = table(LedgerRow), table(QuarantineRow), table(FeedRow)


@dataclass(frozen=True)
class Inbox:
    """How a database applies feeds: what they project to, whether headers are kept to be handed on, and the guard."""

    projection: Projection | None = None
    keep_headers: bool = False
    guard: Guard | None = None


Entries = dict[Name, dict[int, Entry]]


def settle(
    session: Session,
    inbox: Inbox,
    row: FeedRow,
    changed: Mapping[Name, Entry | None],
    bodies: Mapping[Name, Body],
    *,
    sequence: int,
    moment: Moment,
    before: Entries | None = None,
) -> None:
    """Write a feed's changed entries and carry out what they change in what is shown.

    `changed`: None forgets the record in this feed. `bodies`: those that came along. `before`: all feeds' entries of
    these records, where the caller has read them already.
    """
    number = feeds.number_of(row)
    before = before if before is not None else feeds.entries_in_all_feeds(session, row.feed.origin, changed)
    _write(session, row, changed, bodies, sequence=sequence, moment=moment)
    if inbox.projection is None:
        return
    audiences = _audiences(session, row.feed.origin)
    parked = parking.find(session, row.feed.origin, changed) if inbox.guard else {}
    shows: list[tuple[Name, Shown]] = []
    hidden: dict[Name, Shown] = {}
    for name, entry in changed.items():
        old = before.get(name, {})
        new = {feed: held for feed, held in old.items() if feed != number}
        if entry is not None:
            new[number] = entry
        was = _shown(old, audiences, parked.get(name))
        is_ = _shown(new, audiences, parked.get(name))
        if is_ == was:
            continue
        if is_ is not None:
            shows.append((name, is_))
        elif was is not None:
            hidden[name] = was
    if inbox.guard:
        parking.end(session, row.feed.origin, [name for name in parked if name in hidden or name in dict(shows)])
        for name in parking.hold_back(session, inbox.guard, row.feed.origin, hidden, changed, moment=moment):
            del hidden[name]
    came = {(name, entry.hash): bodies[name].data for name, entry in changed.items() if entry and name in bodies}
    _show(session, inbox.projection, row.feed.origin, shows, came, moment)
    hide(session, inbox.projection, row.feed.origin, list(hidden))


def _write(
    session: Session,
    row: FeedRow,
    changed: Mapping[Name, Entry | None],
    bodies: Mapping[Name, Body],
    *,
    sequence: int,
    moment: Moment,
) -> None:
    lines: list[dict[str, Any]] = []
    for name, entry in changed.items():
        if entry is None:
            continue
        body = bodies.get(name) if entry.op == "put" else None
        owed = moment.head_sequence if entry.op == "put" and body is None else None
        held = {"salt": body.salt, "body": body.data} if body else {}
        lines.append(feeds.ledger_line(row, name, entry, sequence=sequence, owed_until=owed, **held))
    feeds.write_ledger(session, lines)
    forgotten = [name for name, entry in changed.items() if entry is None]
    for kind, ids in feeds.ids_by_kind(forgotten).items():
        session.connection().execute(
            delete(_ledger).where(
                _ledger.c.origin == row.feed.origin,
                _ledger.c.kind == kind,
                _ledger.c.id.in_(ids),
                _ledger.c.feed == row.number,
            )
        )


def _audiences(session: Session, origin: str) -> dict[int, str]:
    query = select(_feed.c.number, _feed.c.name).where(_feed.c.name.startswith(f"{origin}/"))
    return {line.number: Feed.parse(line.name).audience for line in session.connection().execute(query)}


def _shown(entries: Mapping[int, Entry], audiences: Mapping[int, str], parked: holds.Parked | None) -> Shown | None:
    if not entries and parked is None:
        return None
    return holds.shown({audiences[feed]: entry for feed, entry in entries.items()}, parked)


def _show(
    session: Session,
    projection: Projection,
    origin: str,
    shows: Sequence[tuple[Name, Shown]],
    came: Mapping[tuple[Name, str], bytes],
    moment: Moment,
) -> None:
    """`came`: the bodies that came with these changes, by name and hash; they were verified when they were opened."""
    if not shows:
        return
    ready: list[Show] = []
    for name, shown in shows:
        data = came.get((name, shown.hash))
        if data is None:
            data = _stored(session, origin, name, shown.version)
        ready.append(Show(Key(origin, *name), shown.version, data, NETWORK in shown.feeds))
    rejected = projection.show(session, ready)
    _forget_quarantine(session, origin, [name for name, _ in shows])
    _quarantine_all(session, rejected, moment)
    if rejected:
        projection.hide(session, [item.key for item in rejected])


def _stored(session: Session, origin: str, name: Name, version: Version) -> bytes:
    """A body that came earlier, in another feed or before it could be shown."""
    query = select(_ledger.c.body).where(
        _ledger.c.origin == origin,
        _ledger.c.kind == name[0],
        _ledger.c.id == name[1],
        _ledger.c.epoch == version.epoch,
        _ledger.c.number == version.number,
        _ledger.c.body.is_not(None),
    )
    data: bytes = session.connection().execute(query.limit(1)).scalar_one()
    return data


def hide(session: Session, projection: Projection, origin: str, names: Sequence[Name]) -> None:
    """Take records out of what is shown, and out of quarantine."""
    if names:
        projection.hide(session, [Key(origin, *name) for name in names])
        _forget_quarantine(session, origin, names)


def _forget_quarantine(session: Session, origin: str, names: Iterable[Name]) -> None:
    any_ = select(_quarantine.c.id).where(_quarantine.c.origin == origin).limit(1)
    if session.connection().execute(any_).first() is None:
        return  # as nearly always: a thousand names need not be spelt out to find that out
    for kind, ids in feeds.ids_by_kind(names).items():
        session.connection().execute(
            delete(_quarantine).where(
                _quarantine.c.origin == origin, _quarantine.c.kind == kind, _quarantine.c.id.in_(ids)
            )
        )


def _quarantine_all(session: Session, rejected: Sequence[Rejected], moment: Moment) -> None:
    lines = [
        {
            "origin": item.key.origin,
            "kind": item.key.kind,
            "id": item.key.id,
            "epoch": int(item.version.epoch),
            "number": item.version.number,
            "reason": item.reason[:500],
            "at": moment.now,
        }
        for item in rejected
    ]
    upsert(session, QuarantineRow, lines)

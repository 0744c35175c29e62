"""Sealing: what was journalled becomes a commit in each feed concerned, all in one transaction."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlmodel import Session

from weft.database.statements import insert, table, upsert
from weft.journal import removed
from weft.journal.incarnation import Incarnation, newest
from weft.journal.models import OwnRow, PendingRow, StaleRow
from weft.journal.record import Audience, audience_of
from weft.log import feeds
from weft.log.models import CommitRow, FeedRow
from weft.protocol import commits
from weft.protocol.commits import Commit
from weft.protocol.digest import Digest
from weft.protocol.frames import Body
from weft.protocol.holds import due
from weft.protocol.ledger import Entry, Name, advance, count
from weft.protocol.limits import BODIES_PER_COMMIT_BYTES, CHANGES_PER_COMMIT
from weft.protocol.names import LOCAL, NETWORK, Version
from weft.protocol.statements import Change

_own, _pending = table(OwnRow), table(PendingRow)


class SequencerLost(RuntimeError):
    """Another process sealed this feed meanwhile. The transaction is undone; whoever holds the lease goes on."""


class _Due(NamedTuple):
    name: Name
    version: Version
    audience: Audience
    body: Body | None


def seal(session: Session, us: Incarnation) -> list[Commit]:
    """Seal the oldest journalled changes, up to one commit's worth; an empty list when nothing waits.

    A change that a later one has superseded already is passed over: its body may not leave any more (rule 5), and the
    later one is in the queue.
    """
    removed.release(session, us.now())
    positions, batch = _oldest(session)
    if not positions:
        return []
    sealed = [
        commit
        for row in list(own_feeds(session, us).values())
        if (commit := _seal_feed(session, us, row, batch)) is not None
    ]
    session.connection().execute(delete(_pending).where(_pending.c.position.in_(positions)))
    removed.wipe(session, [item.name for item in batch if not item.audience])
    return sealed


def seal_all(session: Session, us: Incarnation) -> list[Commit]:
    """Seal until nothing waits, no deletion either: an admission is a point in the journal (rule 6)."""
    removed.release_all(session)
    sealed: list[Commit] = []
    while session.connection().execute(select(_pending.c.position).limit(1)).first():
        sealed += seal(session, us)
    return sealed


def own_feeds(session: Session, us: Incarnation) -> dict[str, FeedRow]:
    """Our feeds by audience: `local` and `network` always, and one for each reader that was ever admitted."""
    for audience in (LOCAL, NETWORK):
        feeds.found_or_opened(session, us.feed(audience))
    return dict(feeds.own_feeds(session, us.origin, us.service))


def _oldest(session: Session) -> tuple[list[int], list[_Due]]:
    query = (
        select(_pending.c.position, _pending.c.number.label("journalled"), _pending.c.epoch.label("in_epoch"), _own)
        .join(_own, (_own.c.kind == _pending.c.kind) & (_own.c.id == _pending.c.id))
        .order_by(_pending.c.position)
        .limit(CHANGES_PER_COMMIT)
    )
    positions: list[int] = []
    batch: list[_Due] = []
    size = 0
    for line in session.connection().execute(query):
        if size >= BODIES_PER_COMMIT_BYTES:
            break
        positions.append(line.position)
        if (line.in_epoch, line.journalled) != (line.epoch, line.number):
            continue
        body = Body(line.salt, line.body) if line.body is not None else None
        size += len(body.data) if body else 0
        version = Version(line.epoch, line.number)
        batch.append(_Due((line.kind, line.id), version, audience_of(line.audience), body))
    return positions, batch


def _seal_feed(session: Session, us: Incarnation, row: FeedRow, batch: Sequence[_Due]) -> Commit | None:
    entries = feeds.entries(session, row, [item.name for item in batch])
    changes: list[Change] = []
    bodies: dict[int, Body] = {}
    for item in batch:
        change = _change(item, row.feed.audience, entries.get(item.name))
        if change is not None:
            if change.op == "put" and item.body is not None:
                bodies[len(changes)] = item.body
            changes.append(change)
    return append(session, us, row, changes, bodies, entries) if changes else None


def _change(item: _Due, audience: str, held: Entry | None) -> Change | None:
    """What one record's newest version means to one feed: put where it is due, an end where it was held, else nothing."""
    if held and held.version >= item.version:
        return None
    if item.body is not None and due(item.audience, audience):
        return Change("put", *item.name, str(item.version), item.body.hash, len(item.body.data))
    if held and held.op == "put":
        return Change("withdraw" if item.audience else "delete", *item.name, str(item.version))
    return None


def append(
    session: Session,
    us: Incarnation,
    row: FeedRow,
    changes: list[Change],
    bodies: dict[int, Body],
    entries: dict[Name, Entry],
) -> Commit:
    """Chain one commit to a feed: header, ledger and head row. `entries`: the ledger's present ones of these records."""
    digest = Digest.from_bytes(row.digest)
    lines = []
    for change in changes:
        after = advance(change.name, entries.get(change.name), change, present=False)
        count(digest, change.name, entries.get(change.name), after)
        lines.append(feeds.ledger_line(row, change.name, after, sequence=row.sequence + 1))
    commit = commits.seal(
        feed=row.feed,
        epoch=newest(session, us),
        after=row.cursor,
        position=row.position + len(changes),
        changes=changes,
        bodies=bodies,
        digest=digest.hex,
        key=us.key,
        sealed_at=us.now(),
    )
    stale = feeds.sequences(session, row, [name for name, entry in entries.items() if entry.op == "put"])
    upsert(session, StaleRow, [{"feed": row.number, "sequence": sequence} for sequence in sorted(stale)])
    line = feeds.commit_line(row, commit)
    _move(session, row, commit, digest)
    feeds.write_ledger(session, lines)
    insert(session, CommitRow, [line])
    return commit


def _move(session: Session, row: FeedRow, commit: Commit, digest: Digest) -> None:
    """Compare-and-swap of the head: two sequencers can never both extend a feed."""
    feed = table(FeedRow)
    at = commit.cursor
    moved = session.connection().execute(
        update(feed)
        .where(feed.c.number == row.number, feed.c.epoch == row.epoch, feed.c.sequence == row.sequence)
        .values(
            epoch=int(at.epoch),
            sequence=at.sequence,
            position=commit.header.position,
            hash=at.hash,
            digest=digest.to_bytes(),
            count=digest.count,
            sealed_at=commit.header.sealed_at,
        )
    )
    if moved.rowcount != 1:
        raise SequencerLost(f"{row.name} was extended by another sequencer")
    session.refresh(row)


def waiting(session: Session) -> int:
    """How many changes are queued to be sealed. A deletion that waits to be queued is not among them."""
    return int(session.connection().execute(select(func.count()).select_from(_pending)).scalar_one())


def current_bodies(session: Session, row: FeedRow, changes: Iterable[Change]) -> dict[int, Body] | None:
    """The `log.serve.Bodies` of an origin: a body leaves only while it is the record's current version (rule 5).

    None when one was superseded in the journal and its successor is not sealed in this feed yet.
    """
    puts = {at: change for at, change in enumerate(changes) if change.op == "put"}
    ours: dict[Name, tuple[Version, Body]] = {}
    for kind, ids in feeds.ids_by_kind(change.name for change in puts.values()).items():
        query = select(_own).where(_own.c.kind == kind, _own.c.id.in_(ids), _own.c.body.is_not(None))
        for line in session.connection().execute(query):
            ours[line.kind, line.id] = Version(line.epoch, line.number), Body(line.salt, line.body)
    held: dict[int, Body] = {}
    gone: list[Change] = []
    for at, change in puts.items():
        version, body = ours.get(change.name, (None, None))
        if body is not None and version == change.version:
            held[at] = body
        else:
            gone.append(change)
    sealed = feeds.entries(session, row, [change.name for change in gone])
    if any(sealed[change.name].version <= change.version for change in gone):
        return None
    return held

"""What of the sealed commits went to the broker, and what there is to be erased. The broker is a fast path, never the truth."""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlmodel import Session
from sqlmodel import select as select_rows

from weft.database.statements import table
from weft.journal.models import AdmissionRow, StaleRow
from weft.journal.seal import current_bodies
from weft.log.models import CommitRow, FeedRow
from weft.protocol import statements
from weft.protocol.commits import Commit
from weft.protocol.limits import MESSAGE_BYTES
from weft.protocol.names import LOCAL, Feed
from weft.protocol.statements import Header

NOT_SENT = 0
"""In `CommitRow.broker`: the commit was announced only; readers pull it."""
NEWEST = 200
"""How many commits of a feed are worth publishing after a long absence of the broker; older ones are pulled."""

_commit, _stale, _feed = table(CommitRow), table(StaleRow), table(FeedRow)


class Outgoing(NamedTuple):
    """A commit to publish; no `frame` when it may only be announced: too large, or a body of it may not leave now."""

    feed: Feed
    number: int
    epoch: int
    sequence: int
    hash: str
    frame: bytes | None


class Stale(NamedTuple):
    feed: Feed
    number: int
    sequence: int
    broker: int


def readers(session: Session, origin: str) -> list[tuple[Feed, list[str]]]:
    """Each feed that leaves the node, with the peers that were admitted to it."""
    names: dict[str, list[str]] = defaultdict(list)
    for line in session.exec(select_rows(AdmissionRow)):
        names[line.feed].append(line.reader)
    return [
        (row.feed, names[row.feed.audience])
        for row in session.exec(select_rows(FeedRow).where(_feed.c.name.startswith(f"{origin}/")))
        if row.feed.audience != LOCAL
    ]


def outgoing(session: Session, origin: str, only: Collection[Feed] = (), limit: int = 16) -> list[Outgoing]:
    """The next commits of this origin that the broker does not have, feed by feed in order; of these feeds, or of all."""
    wanted = _feed.c.name.in_([str(feed) for feed in only]) if only else _feed.c.name.startswith(f"{origin}/")
    taken: list[Outgoing] = []
    for row in session.exec(select_rows(FeedRow).where(wanted)):
        if row.feed.audience == LOCAL:
            continue
        query = (
            select_rows(CommitRow)
            .where(_commit.c.feed == row.number, _commit.c.broker.is_(None), _commit.c.sequence > row.sequence - NEWEST)
            .order_by(_commit.c.sequence)
            .limit(limit)
        )
        taken += [_outgoing(session, row, line) for line in session.exec(query)]
    return taken


def _outgoing(session: Session, row: FeedRow, line: CommitRow) -> Outgoing:
    header = statements.decode(Header, line.header)
    bodies = current_bodies(session, row, header.changes)
    puts = sum(1 for change in header.changes if change.op == "put")
    frame = None
    if bodies is not None and len(bodies) == puts:
        frame = Commit(header, line.header, line.signature, bodies).to_bytes()
    if frame is not None and len(frame) > MESSAGE_BYTES:
        frame = None
    return Outgoing(row.feed, line.feed, line.epoch, line.sequence, line.hash, frame)


def published(session: Session, sent: list[tuple[Outgoing, int]]) -> None:
    """Note where in the broker's stream each commit stands."""
    for commit, broker in sent:
        session.connection().execute(
            update(_commit)
            .where(
                _commit.c.feed == commit.number, _commit.c.epoch == commit.epoch, _commit.c.sequence == commit.sequence
            )
            .values(broker=broker)
        )


def stale(session: Session, limit: int = 200) -> list[Stale]:
    """Messages that hold superseded bodies."""
    query = (
        select(_feed.c.name, _stale.c.feed, _stale.c.sequence, _commit.c.broker)
        .join(_commit, (_commit.c.feed == _stale.c.feed) & (_commit.c.sequence == _stale.c.sequence))
        .join(_feed, _feed.c.number == _stale.c.feed)
        .where(_commit.c.broker.is_not(None))
        .limit(limit)
    )
    lines = session.connection().execute(query)
    return [Stale(Feed.parse(line.name), line.feed, line.sequence, line.broker) for line in lines]


def erased(session: Session, done: list[Stale]) -> None:
    for item in done:
        session.connection().execute(
            delete(_stale).where(_stale.c.feed == item.number, _stale.c.sequence == item.sequence)
        )

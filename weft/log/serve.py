"""Serving a feed from a database: pages of commits, heads, and answers about single bodies. No HTTP here.

The origin and the sync service serve alike; they differ in where a body is, which is the `Bodies` they pass.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from weft.database.statements import table
from weft.log import feeds
from weft.log.models import CommitRow, FeedRow, LedgerRow
from weft.problems import NotFound, NotNow, Problem
from weft.protocol import statements
from weft.protocol.commits import Commit, SignedHead, state_head
from weft.protocol.digest import Digest
from weft.protocol.frames import Body
from weft.protocol.ledger import Name
from weft.protocol.names import START, Cursor, Epoch, Feed, Version
from weft.protocol.signing import SigningKey
from weft.protocol.snapshots import segment_frame
from weft.protocol.statements import Change, Header, Segment

_ledger = table(LedgerRow)

PAGE_COMMITS = 32
PAGE_BYTES = 8 * 1024 * 1024

Bodies = Callable[[Session, FeedRow, Sequence[Change]], "dict[int, Body] | None"]
"""The bodies that may leave, by the index of their change; None while one of them is about to be superseded (rule 5)."""


class UnknownCursor(Problem):
    status, code, title = 409, "unknown-cursor", "This feed has no commit at that cursor"
    hint = "The reader is on a branch that the origin does not know: hand back its commits and read a snapshot."


class SnapshotFirst(Problem):
    status, code, title = 409, "snapshot-first", "A reader's first read is a snapshot"
    hint = "Read /snapshot of this feed, then the commits after it."


class Page(NamedTuple):
    """Commits after a cursor and the signed head of the same moment."""

    commits: list[Commit]
    head: SignedHead


def found(session: Session, feed: Feed) -> FeedRow:
    """The feed's row, when it can be served.

    Raises:
        NotFound: the feed is not kept here.
        NotNow: a snapshot of it is being taken over, so that its ledger is not what it was at any commit.
    """
    row = feeds.find(session, feed)
    if row is None:
        raise NotFound(f"the feed {feed} is not kept here")
    if row.staged:
        raise NotNow(f"a snapshot of {feed} is being taken over here")
    return row


def head(row: FeedRow, key: SigningKey, nonce: str = "") -> SignedHead:
    """The head of what this database has of a feed, signed by whoever serves it."""
    digest = Digest.from_bytes(row.digest)
    return state_head(
        feed=row.feed,
        epoch=Epoch.after(0, 0),
        at=row.cursor,
        position=row.position,
        digest=digest.hex,
        count=digest.count,
        sealed_at=row.sealed_at or "1970-01-01T00:00:00.000Z",
        key=key,
        nonce=nonce,
    )


def page(
    session: Session, feed: Feed, after: Cursor, *, since: int, bodies: Bodies, key: SigningKey, nonce: str = ""
) -> Page:
    """The next commits after a cursor, with the bodies that may leave now.

    `since`: the sequence at which this reader was admitted; nothing before it is served (rule 6).

    Raises:
        NotFound: the feed is not kept here.
        SnapshotFirst: the cursor is before the reader's admission, or what follows it was itself read as a snapshot.
        UnknownCursor: this feed never had a commit there.
    """
    row = found(session, feed)
    if after.sequence < since:
        raise SnapshotFirst(f"commits of {feed} are yours from {since} on")
    if after != START and after != row.cursor and _hash_at(session, row, after) != after.hash:
        raise UnknownCursor(f"{feed} has no {after}; its head is {row.cursor}")
    taken: list[Commit] = []
    size = 0
    lines = _after(session, row, after)
    if (not lines and after.sequence < row.sequence) or (lines and lines[0].sequence != after.sequence + 1):
        raise SnapshotFirst(f"what follows {after} in {feed} was read as a snapshot here")
    for line in lines:
        header = statements.decode(Header, line.header)
        if header.sequence != after.sequence + len(taken) + 1:
            break
        held = bodies(session, row, header.changes)
        if held is None:
            break
        taken.append(Commit(header, line.header, line.signature, held))
        size += len(line.header) + sum(len(body.data) for body in held.values())
        if size > PAGE_BYTES:
            break
    return Page(taken, head(row, key, nonce))


def _after(session: Session, row: FeedRow, after: Cursor) -> Sequence[CommitRow]:
    query = (
        select(CommitRow)
        .where(CommitRow.feed == row.number, CommitRow.sequence > after.sequence)
        .order_by(col(CommitRow.sequence))
        .limit(PAGE_COMMITS)
    )
    return session.exec(query).all()


def _hash_at(session: Session, row: FeedRow, at: Cursor) -> str | None:
    query = select(CommitRow.hash).where(
        CommitRow.feed == row.number, CommitRow.epoch == at.epoch, CommitRow.sequence == at.sequence
    )
    return session.exec(query).one_or_none()


def kept(session: Session, row: FeedRow, changes: Sequence[Change]) -> dict[int, Body] | None:
    """Bodies as a reader keeps them: those of puts that are still the feed's last word on their record.

    None when such a body is owed to this reader itself: it comes, or a later change does, and until then those who read
    from here would take its absence for a body that is withheld (rule 7).
    """
    current: dict[tuple[Name, Version], Body | None] = {}
    puts = {change.name for change in changes if change.op == "put"}
    for kind, ids in feeds.ids_by_kind(puts).items():
        query = select_columns(_ledger.c.id, _ledger.c.epoch, _ledger.c.number, _ledger.c.salt, _ledger.c.body).where(
            _ledger.c.origin == row.origin,
            _ledger.c.kind == kind,
            _ledger.c.id.in_(ids),
            _ledger.c.feed == row.number,
            _ledger.c.op == "put",
        )
        for id_, epoch, number, salt, body in session.connection().execute(query):
            here = body is not None and salt is not None
            current[(kind, id_), Version(epoch, number)] = Body(salt, body) if here else None
    held: dict[int, Body] = {}
    for at, change in enumerate(changes):
        last = (change.name, change.version)
        if change.op == "put" and last in current:
            known = current[last]
            if known is None:
                return None
            held[at] = known
    return held


def asked(
    session: Session, feed: Feed, wanted: Sequence[Change], *, bodies: Bodies, key: SigningKey, nonce: str = ""
) -> tuple[bytes, SignedHead]:
    """An answer to a reader that asks again for bodies (rule 7): a segment of what it asked, and the head of now.

    Only what the feed itself last said is answered, whatever was asked: a guessed key or hash tells nothing.

    Raises:
        NotNow: one of them is about to be superseded.
    """
    row = found(session, feed)
    ours = feeds.entries(session, row, [change.name for change in wanted])
    entitled = [
        change
        for change in wanted
        if change.op == "put"
        and (entry := ours.get(change.name)) is not None
        and (entry.op, entry.version, entry.hash) == ("put", change.version, change.hash)
    ]
    held = bodies(session, row, entitled)
    if held is None:
        raise NotNow(f"a record of {feed} is about to change")
    raw = statements.encode(Segment(format=1, feed=str(feed), entries=entitled))
    return segment_frame(raw, held), head(row, key, nonce)

"""Branches of a feed as a database keeps them: which of a reader's cursors are known, and what lies past one."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from weft.log import serve
from weft.log.models import CommitRow, FeedRow
from weft.protocol import statements
from weft.protocol.commits import Commit
from weft.protocol.names import START, Cursor, Feed
from weft.protocol.statements import Header


def _rows(session: Session, row: FeedRow) -> Sequence[CommitRow]:
    query = select(CommitRow).where(CommitRow.feed == row.number)
    return session.exec(query.order_by(col(CommitRow.epoch), col(CommitRow.sequence))).all()


def cursors(session: Session, row: FeedRow) -> list[Cursor]:
    """Where this copy of a feed has been, the newest first."""
    return [Cursor(line.epoch, line.sequence, line.hash) for line in reversed(_rows(session, row))]


def cursor_at(session: Session, row: FeedRow, sequence: int) -> Cursor:
    return next((at for at in cursors(session, row) if at.sequence == sequence), START)


def newest_known(session: Session, feed: Feed, asked: Sequence[Cursor]) -> Cursor:
    """The first of a reader's cursors, newest first, that this copy has too."""
    row = serve.found(session, feed)
    ours = {row.cursor, *cursors(session, row)}
    return next((at for at in asked if at in ours), START)


def kept_after(session: Session, row: FeedRow, common: Cursor) -> list[Commit]:
    """The commits past `common`, with the bodies that this reader has of them."""
    found: list[Commit] = []
    for line in _rows(session, row):
        if (line.epoch, line.sequence) > common[:2]:
            header = statements.decode(Header, line.header)
            bodies = {}
            for at, change in enumerate(header.changes):
                if kept := serve.kept(session, row, [change]):
                    bodies[at] = kept[0]
            found.append(Commit(header, line.header, line.signature, bodies))
    return found


def headers_after(session: Session, row: FeedRow, common: Cursor) -> list[Header]:
    """The headers from `common` to the cursor; none when a snapshot was read in between, which says not what it ended."""
    found = [
        statements.decode(Header, line.header)
        for line in _rows(session, row)
        if (line.epoch, line.sequence) > common[:2]
    ]
    whole = len(found) == row.sequence - common.sequence
    return found if whole else []

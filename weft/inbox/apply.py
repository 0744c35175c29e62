"""Applying commits: check the place in the chain, move the ledger and its digest, carry out the effects, move the cursor."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlmodel import Session

from weft.database.statements import one_writer, table, upsert
from weft.inbox.moment import Moment
from weft.inbox.settle import Inbox, settle
from weft.log import feeds
from weft.log.models import CommitRow, FeedRow, LedgerRow
from weft.protocol.commits import Commit
from weft.protocol.digest import Digest
from weft.protocol.frames import Body
from weft.protocol.ledger import Entry, Name, advance, count
from weft.protocol.names import Cursor, Version
from weft.protocol.receiver import Owed, Place, check_position, place
from weft.protocol.refusals import Gap, WrongDigest
from weft.protocol.statements import Change

_ledger, _feed = table(LedgerRow), table(FeedRow)


def apply(session: Session, inbox: Inbox, row: FeedRow, commit: Commit, *, moment: Moment) -> Place:
    """Apply the next commit of a feed, or pass over one that was seen.

    Raises:
        Gap, Beyond, Contradiction: nothing was applied; see the subclasses.
    """
    alone(session, row)
    if row.staged:
        raise Gap(f"a snapshot of {row.name} is taken over in part; only the rest of it goes on from here")
    if place(row.cursor, commit) is Place.SEEN:
        return Place.SEEN
    check_position(row.position, commit)
    number = feeds.number_of(row)
    changes = commit.header.changes
    before = feeds.entries_in_all_feeds(session, row.feed.origin, [change.name for change in changes])
    digest = Digest.from_bytes(row.digest)
    changed: dict[Name, Entry | None] = {}
    bodies: dict[Name, Body] = {}
    for at, change in enumerate(changes):
        body = commit.bodies.get(at)
        held = before.get(change.name, {}).get(number)
        entry = advance(change.name, held, change, present=body is not None)
        count(digest, change.name, held, entry)
        changed[change.name] = entry
        if body is not None:
            bodies[change.name] = body
    if digest.hex != commit.header.digest:
        raise WrongDigest(f"after {commit.cursor.sequence} our copy of {row.name} is not what the header says")
    settle(session, inbox, row, changed, bodies, sequence=commit.cursor.sequence, moment=moment, before=before)
    if inbox.keep_headers:
        keep(session, row, commit)
    if commit.header.opens is not None:
        _owe_from_here(session, row, commit.cursor.sequence)
    move(session, row, commit.cursor, digest, position=commit.header.position, sealed_at=commit.header.sealed_at)
    return Place.NEXT


def alone(session: Session, row: FeedRow) -> None:
    """Let no other reader of this database apply beside us, and see what it has applied so far.

    Only where several processes share a database can another one have been quicker.
    """
    one_writer(session)
    if session.get_bind().dialect.name != "sqlite":
        session.refresh(row)


def keep(session: Session, row: FeedRow, commit: Commit) -> None:
    """Store a commit's header, to hand it on. Its bodies are in the ledger while they are current."""
    upsert(session, CommitRow, [feeds.commit_line(row, commit)])


def _owe_from_here(session: Session, row: FeedRow, sequence: int) -> None:
    """What superseded a missing body may have been on the branch that this epoch gave up: it is asked for again."""
    session.connection().execute(
        update(_ledger)
        .where(_ledger.c.feed == row.number, _ledger.c.op == "put", _ledger.c.body.is_(None))
        .values(owed_until=sequence)
    )


def move(session: Session, row: FeedRow, to: Cursor, digest: Digest, *, position: int, sealed_at: str) -> None:
    """The cursor and the digest of a feed, in the same transaction as the effects."""
    session.connection().execute(
        update(_feed)
        .where(_feed.c.number == row.number)
        .values(
            staged=False,
            epoch=int(to.epoch),
            sequence=to.sequence,
            position=position,
            hash=to.hash,
            digest=digest.to_bytes(),
            count=digest.count,
            sealed_at=sealed_at,
        )
    )
    session.refresh(row)


def overdue(session: Session, row: FeedRow, *, at_head: bool = False) -> list[Change]:
    """Puts whose body is still missing although the head at which it was missing has been reached (rule 7).

    `at_head`: the reader is where its holder's feed ends. Then every missing body is asked for, since the change that
    superseded it may have been orphaned.
    """
    query = (
        select(_ledger)
        .where(
            _ledger.c.feed == row.number,
            _ledger.c.owed_until.is_not(None),
            _ledger.c.op == "put",
            _ledger.c.body.is_(None),
        )
        .order_by(_ledger.c.kind, _ledger.c.id)
        .limit(1000)
    )
    return [
        Change("put", line.kind, line.id, str(Version(line.epoch, line.number)), line.hash, line.length)
        for line in session.connection().execute(query)
        if at_head or Owed(line.owed_until or 0).overdue(row.cursor)
    ]


def fill(
    session: Session,
    inbox: Inbox,
    row: FeedRow,
    asked: Sequence[Change],
    given: Mapping[Name, Body],
    *,
    moment: Moment,
) -> None:
    """Take the answer to a question about missing bodies, given at the head in `moment`.

    Raises:
        Withheld: a body was refused again, and by that head no later change had come.
    """
    alone(session, row)
    ours = feeds.entries(session, row, [change.name for change in asked])
    filled: dict[Name, Entry | None] = {}
    for change in asked:
        entry = ours.get(change.name)
        if entry is None or entry.present or (entry.op, entry.version) != ("put", change.version):
            continue
        if change.name in given:
            filled[change.name] = entry._replace(present=True)
        else:
            _refuse(session, row, change.name, moment.head_sequence)
    settle(session, inbox, row, filled, given, sequence=row.sequence, moment=moment)


def _refuse(session: Session, row: FeedRow, name: Name, head_sequence: int) -> None:
    line = (
        (_ledger.c.origin == row.feed.origin)
        & (_ledger.c.kind == name[0])
        & (_ledger.c.id == name[1])
        & (_ledger.c.feed == row.number)
    )
    until = session.connection().execute(select(_ledger.c.owed_until).where(line)).scalar_one()
    owed = Owed(until or 0)
    if not owed.overdue(row.cursor):
        return  # the same question was asked twice; by the head that the first answer named, a later change may come
    owed = owed.refused(head_sequence)
    session.connection().execute(update(_ledger).where(line).values(owed_until=owed.until))

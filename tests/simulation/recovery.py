"""Recovery of a restored origin: what it takes back from its peers, and what it is handed later (rules 8 to 10).

Functions of a session, like the journal's own; they fetch nothing and decide only what the protocol leaves open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, String, Table, select, update
from sqlalchemy.dialects.sqlite import insert
from sqlmodel import Session

from weft.database.statements import table
from weft.inbox.apply import apply
from weft.inbox.moment import Moment
from weft.inbox.settle import Inbox
from weft.journal.incarnation import Incarnation, begin
from weft.journal.models import AdmissionRow, OwnRow
from weft.journal.record import audience_of, audience_text, current, rewrite
from weft.journal.seal import append, own_feeds, seal_all
from weft.log import feeds
from weft.log.models import FeedRow, LedgerRow
from weft.protocol.commits import Commit
from weft.protocol.frames import Body
from weft.protocol.ledger import Entry, Name
from weft.protocol.names import LOCAL, Cursor, Feed, Version
from weft.protocol.receiver import Place, place
from weft.protocol.recovery import Orphan, Ours, recovered, take_back
from weft.protocol.refusals import Refusal
from weft.protocol.statements import Change

METADATA = MetaData()
RESTORATION = Table(
    "restoration",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("done", Boolean, nullable=False),
)
REBASED = Table(
    "rebased",
    METADATA,
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("basis_epoch", BigInteger, nullable=False),
    Column("basis_number", BigInteger, nullable=False),
)
LISTED = Table(
    "listed",
    METADATA,
    Column("kind", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("version", String, primary_key=True),
    Column("why", String, nullable=False),
)
_ledger = table(LedgerRow)
_KEEPING = Inbox(keep_headers=True)


class Telling(NamedTuple):
    """What a peer knows of one of our feeds: where it stands, and the commits after our own cursor that it can prove."""

    audience: str
    cursor: Cursor
    commits: Sequence[Commit]


def restored(session: Session) -> None:
    """The operator's word that this database is an old copy: from the next start on the origin is recovering."""
    session.connection().execute(RESTORATION.insert().values(epoch=0, done=False))


def note_start(session: Session, epoch: int) -> bool:
    """Called in the transaction that begins an epoch; whether this origin has to recover before it seals."""
    open_ = RESTORATION.update().where(RESTORATION.c.epoch == 0)
    session.connection().execute(open_.values(epoch=epoch))
    return recovering(session)


def recovering(session: Session) -> bool:
    return bool(session.connection().execute(select(RESTORATION).where(RESTORATION.c.done.is_(False))).first())


def end(session: Session, us: Incarnation) -> None:
    """Recovered: from here on the origin seals and serves.

    No reader gets commits from before: the copy is older than some admissions, and says not which (rule 6).
    """
    for audience, row in own_feeds(session, us).items():
        session.connection().execute(
            update(table(AdmissionRow)).where(table(AdmissionRow).c.feed == audience).values(sequence=row.sequence)
        )
    session.connection().execute(RESTORATION.update().values(done=True))


def recover(session: Session, us: Incarnation, tellings: Sequence[Telling], *, tag: int, now: str) -> Incarnation:
    """Take back our own commits that peers know, and open an epoch above every one that they name."""
    rows = own_feeds(session, us)
    known: set[int] = {telling.cursor.epoch for telling in tellings}
    touched: set[Name] = set()
    for audience, row in rows.items():
        offers = [telling.commits for telling in tellings if telling.audience == audience and telling.commits]
        for commits in sorted(offers, key=lambda offer: offer[-1].cursor[:2], reverse=True):
            touched |= _take(session, row, commits, now)
    again = replace(
        us, epoch=begin(session, tag, now, known=max(known | {us.epoch} | {r.epoch for r in rows.values()}))
    )
    since = _restored_in(session)
    ours = current(session, sorted(touched))
    entries = feeds.entries_in_all_feeds(session, us.origin, touched)
    numbers = {feeds.number_of(row): audience for audience, row in rows.items()}
    for name in sorted(touched):
        mine = ours.get(name)
        by_feed = {numbers[number]: entry for number, entry in entries[name].items()}
        top = max(entry.version for entry in by_feed.values())
        if mine is not None and mine.epoch >= since:
            _list(session, name, top, "an editor changed the record after the restoration")
            _write(session, again, name, mine, top, audience_of(mine.audience), None)
            continue
        found = recovered(by_feed, Version(mine.epoch, mine.number) if mine else None)
        if found is not None:
            _adopt(session, again, name, mine, found.version, found.audience, by_feed)
    return again


def _take(session: Session, row: FeedRow, commits: Iterable[Commit], now: str) -> set[Name]:
    names: set[Name] = set()
    for commit in commits:
        try:
            if place(row.cursor, commit) is not Place.NEXT:
                continue
        except Refusal:
            break  # another branch: its reader hands it back
        apply(session, _KEEPING, row, commit, moment=Moment(now, 0.0, commit.header.sequence))
        names |= {change.name for change in commit.header.changes}
    return names


def _adopt(
    session: Session,
    us: Incarnation,
    name: Name,
    mine: OwnRow | None,
    top: Version,
    audience: tuple[str, ...],
    by_feed: dict[str, Entry],
) -> None:
    put = any(entry.op == "put" and entry.version == top for entry in by_feed.values())
    body = _body(session, us.origin, name, top) if put else None
    if audience and put and body is None:
        _list(session, name, top, "no peer has the body any more")
        audience = (LOCAL,) if mine is not None and mine.body is not None else ()
    elif audience and not put:
        _list(session, name, top, "withdrawn at the end; what it became is not known")
        audience = (LOCAL,) if mine is not None and mine.body is not None else ()
    _write(session, us, name, mine, top, audience, body)
    _rebase(session, name, top)


def _body(session: Session, origin: str, name: Name, version: Version) -> Body | None:
    query = select(_ledger.c.salt, _ledger.c.body).where(
        _ledger.c.origin == origin,
        _ledger.c.kind == name[0],
        _ledger.c.id == name[1],
        _ledger.c.epoch == version.epoch,
        _ledger.c.number == version.number,
        _ledger.c.body.is_not(None),
    )
    line = session.connection().execute(query.limit(1)).first()
    return Body(line.salt, line.body) if line else None


def _write(
    session: Session,
    us: Incarnation,
    name: Name,
    mine: OwnRow | None,
    above: Version,
    audience: tuple[str, ...],
    body: Body | None,
) -> None:
    """A new version above `above`: with this body, or with the one that we have."""
    now = us.now()
    row = OwnRow(
        kind=name[0],
        id=name[1],
        epoch=above.epoch,
        number=max(above.number, mine.number if mine else 0),
        audience=audience_text(audience),
        created_at=mine.created_at if mine else now,
        updated_at=now,
        salt=body.salt if body else (mine.salt if mine else None),
        body=body.data if body else (mine.body if mine else None),
    )
    rewrite(session, us, [row], lambda _: audience)


def _rebase(session: Session, name: Name, basis: Version) -> None:
    now = session.connection().execute(
        select(table(OwnRow).c.epoch, table(OwnRow).c.number).where(
            table(OwnRow).c.kind == name[0], table(OwnRow).c.id == name[1]
        )
    )
    epoch, number = now.one()
    line = {"epoch": epoch, "number": number, "basis_epoch": int(basis.epoch), "basis_number": basis.number}
    statement = insert(REBASED).values(kind=name[0], id=name[1], **line)
    session.connection().execute(statement.on_conflict_do_update(index_elements=["kind", "id"], set_=line))


def _list(session: Session, name: Name, version: Version, why: str) -> None:
    line = {"kind": name[0], "id": name[1], "version": str(version), "why": why}
    session.connection().execute(insert(LISTED).values(**line).on_conflict_do_nothing())


def _restored_in(session: Session) -> int:
    """The epoch that the newest restoration began; what an editor wrote in it or later is newer than any orphan."""
    query = select(RESTORATION.c.epoch).order_by(RESTORATION.c.number.desc()).limit(1)
    return session.connection().execute(query).scalar() or 0


def above(session: Session, us: Incarnation, audience: str, shown: Cursor, *, tag: int, now: str) -> Incarnation:
    """A reader showed a cursor that we do not know: this feed goes on in an epoch above it (rule 8)."""
    row = own_feeds(session, us)[audience]
    if shown.epoch >= us.epoch:
        us = replace(us, epoch=begin(session, tag, now, known=shown.epoch))
    if row.epoch <= shown.epoch:
        append(session, us, row, [], {}, {})
    return us


def hand_back(session: Session, us: Incarnation, feed: Feed, commits: Sequence[Commit]) -> None:
    """Take the newest fact on each record from commits of a branch that we do not know (rule 9)."""
    newest: dict[Name, tuple[Change, Body | None]] = {}
    for commit in commits:
        for at, change in enumerate(commit.header.changes):
            newest[change.name] = change, commit.bodies.get(at)
    ours = current(session, sorted(newest))
    for name, (change, body) in sorted(newest.items()):
        mine = ours.get(name)
        orphan = Orphan(change.op, change.version, feed.audience)
        audience = take_back(orphan, _ours(session, mine), undoing=False)
        if audience is None or (change.op == "put" and body is None):
            if not _same(session, mine, change):
                _list(session, name, change.version, f"{change.op} in {feed.audience} was not taken back")
            continue
        if audience and body is None and (mine is None or mine.body is None):
            _list(session, name, change.version, "withdrawn; its body is not known")
            continue
        _write(session, us, name, mine, change.version, audience, body)
        _rebase(session, name, change.version)
    seal_all(session, us)


def _same(session: Session, mine: OwnRow | None, change: Change) -> bool:
    """Whether we have this very fact, so that there is nothing to list."""
    ours = _ours(session, mine)
    return ours is not None and ours.basis == change.version


def _ours(session: Session, mine: OwnRow | None) -> Ours | None:
    if mine is None:
        return None
    version = Version(mine.epoch, mine.number)
    if mine.epoch < _restored_in(session):
        return Ours(version, audience_of(mine.audience), version)
    query = select(REBASED).where(REBASED.c.kind == mine.kind, REBASED.c.id == mine.id)
    line = session.connection().execute(query).one_or_none()
    rests = line is not None and (line.epoch, line.number) == version
    basis = Version(line.basis_epoch, line.basis_number) if line is not None and rests else None
    return Ours(version, audience_of(mine.audience), basis)

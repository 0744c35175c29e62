"""Feeds and their ledgers in a database: finding, reading, writing. Which change is right is decided by the protocol."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from weft.database.statements import chunks, table, upsert
from weft.log.models import FeedRow, LedgerRow
from weft.protocol.commits import Commit
from weft.protocol.digest import Digest, bucket_of
from weft.protocol.ledger import Entry, Name
from weft.protocol.names import Feed, Version

EMPTY = Digest().to_bytes()
_ledger = table(LedgerRow)
_entry_columns = (
    _ledger.c.kind,
    _ledger.c.id,
    _ledger.c.op,
    _ledger.c.epoch,
    _ledger.c.number,
    _ledger.c.hash,
    _ledger.c.length,
    _ledger.c.body.is_not(None).label("present"),
)


def find(session: Session, feed: Feed) -> FeedRow | None:
    return session.exec(select_rows(FeedRow).where(FeedRow.name == str(feed))).one_or_none()


def found_or_opened(session: Session, feed: Feed) -> FeedRow:
    """The feed's row, made empty when this is the first that is heard of it."""
    row = find(session, feed)
    if row is None:
        row = FeedRow(name=str(feed), digest=EMPTY)
        session.add(row)
        session.flush()
    return row


def number_of(row: FeedRow) -> int:
    """The row's number; a row that was flushed has one."""
    if row.number is None:
        raise ValueError(f"{row.name} is not in the database yet")
    return row.number


def ids_by_kind(names: Iterable[Name]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for kind, id_ in names:
        grouped[kind].append(id_)
    return grouped


def entries(session: Session, row: FeedRow, names: Iterable[Name]) -> dict[Name, Entry]:
    """What this feed last said of these records."""
    found: dict[Name, Entry] = {}
    for kind, ids in ids_by_kind(names).items():
        for part in chunks(ids):
            query = select(*_entry_columns).where(
                _ledger.c.origin == row.feed.origin,
                _ledger.c.kind == kind,
                _ledger.c.id.in_(part),
                _ledger.c.feed == row.number,
            )
            for line in session.connection().execute(query):
                found[line.kind, line.id] = _entry(line)
    return found


def sequences(session: Session, row: FeedRow, names: Iterable[Name]) -> set[int]:
    """The sequences of the commits that last spoke of these records."""
    found: set[int] = set()
    for kind, ids in ids_by_kind(names).items():
        for part in chunks(ids):
            query = select(_ledger.c.sequence).where(
                _ledger.c.origin == row.feed.origin,
                _ledger.c.kind == kind,
                _ledger.c.id.in_(part),
                _ledger.c.feed == row.number,
            )
            found.update(session.connection().execute(query).scalars())
    return found


def all_entries(session: Session, row: FeedRow) -> dict[Name, Entry]:
    """The whole ledger of a feed. For snapshots and deep checks."""
    query = select(*_entry_columns).where(_ledger.c.feed == row.number)
    return {(line.kind, line.id): _entry(line) for line in session.connection().execute(query)}


def entries_in_all_feeds(session: Session, origin: str, names: Iterable[Name]) -> dict[Name, dict[int, Entry]]:
    """What every feed of an origin last said of these records, by feed number: what `holds.shown` needs."""
    found: dict[Name, dict[int, Entry]] = defaultdict(dict)
    for kind, ids in ids_by_kind(names).items():
        for part in chunks(ids):
            query = select(_ledger.c.feed, *_entry_columns).where(
                _ledger.c.origin == origin, _ledger.c.kind == kind, _ledger.c.id.in_(part)
            )
            for line in session.connection().execute(query):
                found[line.kind, line.id][line.feed] = _entry(line)
    return found


def _entry(line: Any) -> Entry:
    present = bool(line.present)
    return Entry(line.op, Version(line.epoch, line.number), line.hash, line.length, present)


def ledger_line(row: FeedRow, name: Name, entry: Entry, *, sequence: int, **held: Any) -> dict[str, Any]:
    """One ledger row's columns; `held`: salt, body and owed_until where this database keeps bodies."""
    return {
        "origin": row.origin,
        "kind": name[0],
        "id": name[1],
        "feed": row.number,
        "bucket": bucket_of(*name),
        "op": entry.op,
        "epoch": entry.version.epoch,
        "number": entry.version.number,
        "hash": entry.hash,
        "length": entry.length,
        "sequence": sequence,
        "salt": None,
        "body": None,
        "owed_until": None,
        **held,
    }


def commit_line(row: FeedRow, commit: Commit) -> dict[str, Any]:
    """A commit's columns: its header as the exact bytes that were signed."""
    at = commit.cursor
    return {
        "feed": row.number,
        "epoch": int(at.epoch),
        "sequence": at.sequence,
        "hash": at.hash,
        "header": commit.raw,
        "signature": commit.signature,
        "changes": len(commit.header.changes),
        "sealed_at": commit.header.sealed_at,
    }


def write_ledger(session: Session, lines: list[dict[str, Any]]) -> None:
    upsert(session, LedgerRow, lines)


def bucket(session: Session, row: FeedRow, at: int) -> list[tuple[str, str, str, str]]:
    """The held records of one bucket, (kind, id, version, hash) in order: how a difference is narrowed to keys."""
    query = (
        select(*_entry_columns)
        .where(_ledger.c.feed == row.number, _ledger.c.bucket == at, _ledger.c.op == "put")
        .order_by(_ledger.c.kind, _ledger.c.id)
    )
    lines = session.connection().execute(query)
    return [(line.kind, line.id, str(Version(line.epoch, line.number)), line.hash) for line in lines]


def recount(session: Session, row: FeedRow) -> Digest:
    """The digest of what the ledger really holds, to compare with the one that is kept."""
    digest = Digest()
    query = select(_ledger.c.kind, _ledger.c.id, _ledger.c.epoch, _ledger.c.number, _ledger.c.hash).where(
        _ledger.c.feed == row.number, _ledger.c.op == "put"
    )
    for line in session.connection().execute(query):
        digest.add(line.kind, line.id, str(Version(line.epoch, line.number)), line.hash)
    return digest


def own_feeds(session: Session, origin: str, service: str) -> Mapping[str, FeedRow]:
    """A service's own feeds by audience."""
    query = select_rows(FeedRow).where(col(FeedRow.name).startswith(f"{origin}/{service}/"))
    rows = session.exec(query.order_by(col(FeedRow.number)))  # in order: two who seal at once do not lock crosswise
    return {row.feed.audience: row for row in rows}

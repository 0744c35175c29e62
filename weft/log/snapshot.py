"""Making and serving snapshots from a database: entries are kept, bodies are attached at serving."""

from collections.abc import Iterator, Sequence

from sqlalchemy import delete, select
from sqlmodel import Session
from sqlmodel import select as select_rows

from weft.database.statements import chunks, insert, table, upsert
from weft.log import feeds
from weft.log.models import FeedRow, LedgerRow, SegmentRow, SnapshotRow
from weft.log.serve import Bodies, found, head
from weft.problems import NotFound, NotNow
from weft.protocol import statements
from weft.protocol.commits import SignedHead
from weft.protocol.digest import Digest
from weft.protocol.frames import MANIFEST, Frame
from weft.protocol.ledger import End, Name
from weft.protocol.names import Epoch, Feed, Version
from weft.protocol.signing import SigningKey
from weft.protocol.snapshots import segment_frame, segment_hash, segments, state_manifest
from weft.protocol.statements import Change, Manifest, Segment

_ledger = table(LedgerRow)


def take(session: Session, feed: Feed, key: SigningKey) -> bytes:
    """The manifest frame of the feed as it is now; made anew when the feed has moved on since the last one."""
    row = found(session, feed)
    last = session.get(SnapshotRow, row.number)
    if last is None or statements.decode(Manifest, last.manifest).cursor != row.cursor:
        last = _state(session, row, key)
    return Frame(MANIFEST, last.manifest, last.signature, b"").to_bytes()


def _state(session: Session, row: FeedRow, key: SigningKey) -> SnapshotRow:
    number = feeds.number_of(row)
    parts = list(segments(row.feed, _puts(session, row)))
    hashes = [segment_hash(raw) for raw in parts]
    signed = state_manifest(
        feed=row.feed,
        epoch=Epoch.after(0, 0),
        at=row.cursor,
        position=row.position,
        digest=Digest.from_bytes(row.digest),
        hashes=hashes,
        key=key,
    )
    session.connection().execute(delete(table(SegmentRow)).where(table(SegmentRow).c.feed == number))
    lines = [
        {"feed": number, "hash": hash_, "at": at, "entries": raw}
        for at, (hash_, raw) in enumerate(zip(hashes, parts, strict=True))
    ]
    insert(session, SegmentRow, lines)
    taken = SnapshotRow(feed=number, sequence=row.sequence, manifest=signed.raw, signature=signed.signature)
    upsert(session, SnapshotRow, [taken.model_dump()])
    return taken


def _puts(session: Session, row: FeedRow) -> Iterator[Change]:
    query = (
        select(_ledger.c.kind, _ledger.c.id, _ledger.c.epoch, _ledger.c.number, _ledger.c.hash, _ledger.c.length)
        .where(_ledger.c.feed == row.number, _ledger.c.op == "put")
        .order_by(_ledger.c.kind, _ledger.c.id)
    )
    for line in session.connection().execute(query):
        version = str(Version(line.epoch, line.number))
        yield Change("put", line.kind, line.id, version, line.hash, line.length)


def segment(
    session: Session, feed: Feed, hash_: str, *, bodies: Bodies, key: SigningKey, nonce: str = ""
) -> tuple[bytes, SignedHead]:
    """A segment with the bodies that may leave now, and the head of the same moment.

    Raises:
        NotFound: no present snapshot names this segment: read the manifest again.
        NotNow: one of its records is about to change.
    """
    row = found(session, feed)
    line = session.exec(
        select_rows(SegmentRow).where(SegmentRow.feed == row.number, SegmentRow.hash == hash_)
    ).one_or_none()
    if line is None:
        raise NotFound("no present snapshot names this segment; read the manifest again")
    held = bodies(session, row, statements.decode(Segment, line.entries).entries)
    if held is None:
        raise NotNow(f"a record of {feed} is about to change")
    return segment_frame(line.entries, held), head(row, key, nonce)


def ended(session: Session, feed: Feed, missing: Sequence[Name], *, at: int, since: int) -> dict[Name, End]:
    """How records ended that a returning reader has and the snapshot at sequence `at` lacks (rule 3).

    Ends after the snapshot come as commits; those before the reader's admission are not its business (rule 6).
    """
    row = found(session, feed)
    told: dict[Name, End] = {}
    for kind, ids in feeds.ids_by_kind(missing).items():
        for part in chunks(ids):
            query = select(_ledger.c.id, _ledger.c.op, _ledger.c.epoch, _ledger.c.number).where(
                _ledger.c.origin == feed.origin,
                _ledger.c.kind == kind,
                _ledger.c.id.in_(part),
                _ledger.c.feed == row.number,
                _ledger.c.op != "put",
                _ledger.c.sequence > since,
                _ledger.c.sequence <= at,
            )
            for line in session.connection().execute(query):
                end: End = ("deleted" if line.op == "delete" else "withdrawn", Version(line.epoch, line.number))
                told[kind, line.id] = end
    return told

"""Who holds which bytes, in the transaction that changes it: documents name them, uploads keep them until a document does.

Bytes that nobody holds are doomed first, then deleted, then forgotten, so that no upload counts on what is about to go.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, FromClause, and_, delete, exists, func, insert, or_, select, tuple_, update
from sqlmodel import Session

from services.catalog.models import BlobRow, FileRow, LooseRow
from weft.blobs.cache import Cached
from weft.blobs.store import Blob, Kept
from weft.clock import stamp
from weft.database.statements import chunks, one_writer, table, upsert
from weft.journal.models import RemovedRow
from weft.problems import NotNow, Unavailable
from weft.protocol.names import Key
from weft.records.documents import KIND, Document
from weft.records.files import File
from weft.records.rows import Entry

_file, _blob, _loose, _removed = table(FileRow), table(BlobRow), table(LooseRow), table(RemovedRow)
LEASE = timedelta(minutes=10)
"""From the moment when all bytes are here; a document names them seconds later."""
AT_ONCE = 100
NEVER = ""


class Lease(NamedTuple):
    """Bytes that are kept for whoever is about to name them."""

    blob: Blob
    token: str


def shown(session: Session, entries: Iterable[Entry[Document]]) -> None:
    """See `refer`."""
    refer(session, [(entry.key, entry.record.files or ()) for entry in entries])


def refer(session: Session, named: Iterable[tuple[Key, Sequence[File]]]) -> None:
    """These documents are shown, and name these files; what they named before they let go."""
    lines = []
    keys = []
    for key, files in named:
        keys.append(key)
        lines += [
            {
                "origin": key.origin,
                "id": key.id,
                "name": file.name,
                "sha256": file.sha256,
                "entry": file.entry,
            }
            for file in files
        ]
    let_go(session, keys)
    upsert(session, FileRow, lines)


def carried(session: Session, origin: str, ids: Sequence[str]) -> Mapping[str, bytes]:
    """What documents keep when an editor puts them: the JSON member of their files."""
    entries: dict[str, dict[str, bytes]] = defaultdict(dict)
    if _none(session):
        return {}
    for part in chunks(ids):
        query = select(_file.c.id, _file.c.name, _file.c.entry).where(_file.c.origin == origin, _file.c.id.in_(part))
        for line in session.connection().execute(query):
            entries[line.id][line.name] = line.entry
    return {id_: member for id_, several in entries.items() for member in member_of(several)}


def member_of(entries: Mapping[str, bytes]) -> list[bytes]:
    """The JSON member of files, by name: always in the same order, so that the same files make the same bytes."""
    return [b'"files":[' + b",".join(entries[name] for name in sorted(entries)) + b"]"] if entries else []


def let_go(session: Session, keys: Sequence[Key]) -> None:
    """These documents name no file any more."""
    if _none(session):
        return
    for origin, ids in _by_origin(keys).items():
        for part in chunks(ids):
            theirs = and_(_file.c.origin == origin, _file.c.id.in_(part))
            lines = session.connection().execute(select(_file.c.sha256, _file.c.id).where(theirs)).all()
            loose = {(line.sha256, line.id) for line in lines}
            upsert(
                session, LooseRow, [{"origin": origin, "sha256": a, "by": b, "until": NEVER} for a, b in sorted(loose)]
            )
            session.connection().execute(delete(_file).where(theirs))


def _none(session: Session) -> bool:
    """Whether no document names any file: then a thousand ids need not be spelt out to find that out."""
    return session.connection().execute(select(_file.c.id).limit(1)).first() is None


def _by_origin(keys: Iterable[Key]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.origin].append(key.id)
    return grouped


def lease(session: Session, kept: Kept, now: str) -> Lease:
    """Keep bytes that are about to be placed in the store from being taken out.

    Raises:
        NotNow: the same bytes are just being taken out.
    """
    one_writer(session)
    blob = kept.blob
    doomed = session.connection().execute(select(_blob.c.doomed).where(_is(_blob, blob))).scalar()
    if doomed:
        raise NotNow("the same bytes are just being erased")
    upsert(session, BlobRow, [{**blob._asdict(), "size": kept.size, "used_at": now, "doomed": False}])
    made = Lease(blob, f"@{secrets.token_hex(8)}")
    until = stamp(datetime.fromisoformat(now) + LEASE)
    session.connection().execute(insert(_loose).values(**blob._asdict(), by=made.token, until=until))
    return made


def use(session: Session, lease: Lease) -> None:
    """The bytes are named in this transaction; without that they may go from here on.

    Raises:
        Unavailable: they were kept too long ago, and may have gone.
    """
    if not end(session, lease):
        raise Unavailable("the file was kept too long without being named: send it again")


def end(session: Session, lease: Lease) -> bool:
    """The bytes stay only where a document names them; False: they are gone already."""
    line = and_(_is(_loose, lease.blob), _loose.c.by == lease.token)
    return session.connection().execute(update(_loose).where(line).values(until=NEVER)).rowcount > 0


def doom(session: Session, us: str, now: str) -> list[Blob]:
    """The bytes that are to be deleted, and that nobody counts on from here on. A deleted document that can still be taken
    back holds what it named."""
    one_writer(session)
    same = and_(_file.c.origin == _loose.c.origin, _file.c.sha256 == _loose.c.sha256)
    session.connection().execute(delete(_loose).where(exists().where(same), _loose.c.until <= now))
    other = _loose.alias("other")
    kept = or_(
        other.c.until > now,
        and_(other.c.origin == us, exists().where(_removed.c.kind == KIND, _removed.c.id == other.c.by)),
    )
    held = exists().where(other.c.origin == _loose.c.origin, other.c.sha256 == _loose.c.sha256, kept)
    named = exists().where(same)
    free = select(_loose.c.origin, _loose.c.sha256).where(~held, ~named).distinct().limit(AT_ONCE)
    _doom(session, [Blob(*line) for line in session.connection().execute(free)])
    doomed = select(_blob.c.origin, _blob.c.sha256).where(_blob.c.doomed).limit(AT_ONCE)
    return [Blob(*line) for line in session.connection().execute(doomed)]


def evict(session: Session, blobs: Sequence[Blob], now: str) -> None:
    """Doom these to make room; they can be fetched again. One that is just being kept stays."""
    one_writer(session)
    query = select(_loose.c.origin, _loose.c.sha256).where(_loose.c.until > now)
    leased = {Blob(*line) for line in session.connection().execute(query)}
    _doom(session, [blob for blob in blobs if blob not in leased])


def _doom(session: Session, blobs: Sequence[Blob]) -> None:
    if blobs:
        session.connection().execute(update(_blob).where(_any(_blob, blobs)).values(doomed=True))
        session.connection().execute(delete(_loose).where(_any(_loose, blobs)))


def gone(session: Session, blobs: Sequence[Blob]) -> None:
    """These were deleted."""
    session.connection().execute(delete(_blob).where(_any(_blob, blobs), _blob.c.doomed))


def adopt(session: Session, found: Sequence[Kept], now: str) -> None:
    """Bytes that are in the store and unknown here, as after a restore: they stay when a document names them."""
    query = select(_blob.c.origin, _blob.c.sha256).where(_any(_blob, [each.blob for each in found]))
    known = {Blob(*line) for line in session.connection().execute(query)}
    new = [each for each in found if each.blob not in known]
    upsert(
        session, BlobRow, [{**each.blob._asdict(), "size": each.size, "used_at": now, "doomed": False} for each in new]
    )
    upsert(session, LooseRow, [{**each.blob._asdict(), "by": "@found", "until": NEVER} for each in new])


def used(session: Session, at: dict[Blob, str]) -> None:
    """When these were last read."""
    for blob, moment in at.items():
        session.connection().execute(update(_blob).where(_is(_blob, blob)).values(used_at=moment))


def cached_bytes(session: Session, us: str) -> int:
    query = select(func.coalesce(func.sum(_blob.c.size), 0)).where(_blob.c.origin != us, ~_blob.c.doomed)
    return int(session.connection().execute(query).scalar_one())


def cached(session: Session, us: str) -> list[Cached]:
    """What was fetched from others."""
    query = select(_blob).where(_blob.c.origin != us, ~_blob.c.doomed)
    return [
        Cached(Blob(line.origin, line.sha256), line.size, line.used_at) for line in session.connection().execute(query)
    ]


def _is(rows: FromClause, blob: Blob) -> ColumnElement[bool]:
    return _any(rows, [blob])


def _any(rows: FromClause, blobs: Sequence[Blob]) -> ColumnElement[bool]:
    return tuple_(rows.c.origin, rows.c.sha256).in_([tuple(blob) for blob in blobs])

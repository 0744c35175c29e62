"""Taking a backup of a node while it goes on working: what is copied, in which order, and what is said of it."""

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import msgspec
import sqlalchemy
from sqlmodel import Session, col, select

from weft import __version__
from weft.backup import bases
from weft.backup.envelope import Sealed, sealing
from weft.backup.flaws import Flaw
from weft.backup.keys import Recipient
from weft.backup.manifest import CONTENTS, FORMAT, SIGNATURE, TITLE, Base, Head, Item, Manifest, Table, Title
from weft.clock import utc_now
from weft.keys import NodeKeys
from weft.log.models import FeedRow
from weft.settings import Settings

COPIED = ("catalog", "indicators", "sync", "gateway")
"""Who reads comes before what it reads, so that nothing in a backup is past what it was read from. Each database is of one
moment, and holds its own journal, feeds and cursors, so it is consistent by itself. Search has nothing of its own: it is
read again from the catalog and sync."""
# Our own files; those of others, in folders of their origins, are fetched again.
BLOB = re.compile(r"[0-9a-f]{2}/([0-9a-f]{64})")

Tell = Callable[[str, int, int], None]
"""Hears what is being copied, how much of it has been, and how much it is."""


class Taken(NamedTuple):
    manifest: Manifest
    fingerprint: str
    size: int


class Listed:
    """An envelope that remembers what was put into it."""

    def __init__(self, sealed: Sealed) -> None:
        self._sealed = sealed
        self.items: list[Item] = []

    def add(self, name: str, data: bytes) -> None:
        self._sealed.add(name, data)
        self.items.append(Item(name, len(data), hashlib.sha256(data).hexdigest()))

    def copy(self, name: str, source: IO[bytes], size: int, sha256: str) -> None:
        self._sealed.stream(name, size, source)
        self.items.append(Item(name, size, sha256))


def take(settings: Settings, keys: NodeKeys, file: Path, recipients: list[Recipient], tell: Tell) -> Taken:
    """Write a backup of the node into a new file.

    Raises:
        Flaw: a database is missing, or the file cannot be written.
    """
    for service in COPIED:
        if not bases.present(settings, service):
            raise Flaw(f"there is no database of {service} yet", "Start the node once; it makes them.")
    title = Title(FORMAT, settings.node, settings.title, __version__, utc_now())
    with sealing(file, recipients) as sealed:
        listed = Listed(sealed)
        listed.add(TITLE, msgspec.json.encode(title))
        for path in _own_files(settings.data):
            listed.add(str(path.relative_to(settings.data)), path.read_bytes())
        heads: list[Head] = []
        databases = [_database(settings, service, listed, heads, tell) for service in COPIED]
        elsewhere = (settings.blobs_url,) if settings.blobs_url else ()
        missing = list(_blobs(settings.data / "blobs", listed, tell))  # after the records that name them
        manifest = Manifest(
            title, utc_now(), tuple(heads), tuple(databases), tuple(missing), elsewhere, tuple(listed.items)
        )
        statement, signature = manifest.sealed(keys.identity)
        sealed.add(CONTENTS, statement)
        sealed.add(SIGNATURE, signature)
    return Taken(manifest, keys.identity.public.fingerprint, file.stat().st_size)


def _own_files(folder: Path) -> Iterator[Path]:
    yield folder / "node.toml"
    yield from sorted(path for path in (folder / "keys").rglob("*") if path.is_file())


def _database(settings: Settings, service: str, listed: Listed, heads: list[Head], tell: Tell) -> Base:
    """Everything in a service's database as it is at one moment."""
    with bases.base(settings, service) as database, database.reading() as session:
        revisions, found = bases.schema(session)
        read_at = utc_now()
        if any(table.name == FeedRow.__tablename__ for table in found):
            heads += _heads(session, settings.node)
        sizes = {table.name: bases.size(session, table) for table in found}
        total, done = sum(sizes.values()), 0
        described = tuple(Table(str(table.name), _names(table), sizes[table.name]) for table in found)
        engine = "sqlite" if database.sqlite else "postgresql"
        described_base = Base(service, engine, read_at, revisions, described)
        listed.add(f"databases/{service}/schema.json", msgspec.json.encode(described_base))
        for table in found:
            for number, (count, piece) in enumerate(bases.rows(session, table)):
                listed.add(f"databases/{service}/{table.name}/{number:06}.msgpack.zst", piece)
                done += count
                tell(service, done, total)
    return described_base


def _names(table: sqlalchemy.Table) -> tuple[str, ...]:
    return tuple(str(column.name) for column in table.columns)


def _heads(session: Session, node: str) -> list[Head]:
    own = select(FeedRow).where(col(FeedRow.name).startswith(f"{node}/", autoescape=True)).order_by(FeedRow.name)
    return [Head(row.name, row.epoch, row.sequence, row.hash, row.count) for row in session.exec(own)]


def _blobs(folder: Path, listed: Listed, tell: Tell) -> Iterator[str]:
    """Copy every blob; those that are gone when their turn comes, or are not what their name says, are named instead."""
    places = sorted(path for path in folder.glob("??/*") if BLOB.fullmatch(str(path.relative_to(folder))))
    for done, path in enumerate(places, 1):
        try:
            with path.open("rb") as source:
                hashed = hashlib.file_digest(source, "sha256").hexdigest()
                size = source.tell()
                source.seek(0)
                if hashed == path.name:
                    listed.copy(f"blobs/{path.relative_to(folder)}", source, size, hashed)
                else:
                    yield path.name
        except FileNotFoundError:
            yield path.name
        tell("files", done, len(places))

"""A service's database as a backup sees it: whole, whatever its tables are, the same from SQLite and from PostgreSQL."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import zstandard
from alembic import command
from alembic.util import CommandError
from sqlalchemy import MetaData, Table, func, inspect, select, text
from sqlmodel import Session

from weft.backup.flaws import ANOTHER, Flaw
from weft.database import Database
from weft.database.migrate import KERNEL, configuration
from weft.settings import Settings

VERSIONS = "alembic_version"
PAGE = 1000
CHUNK_BYTES = 1 << 20
MEMBER_BYTES = 64 << 20
PACKAGES = {"gateway": "gateway"}


@contextmanager
def base(settings: Settings, service: str) -> Iterator[Database]:
    database = Database(settings.database(service))
    try:
        yield database
    finally:
        database.close()


def present(settings: Settings, service: str) -> bool:
    """Whether there is a database, without making one."""
    url = settings.database(service)
    return not url.startswith("sqlite:///") or Path(url.removeprefix("sqlite:///")).exists()


def schema(session: Session) -> tuple[tuple[str, ...], list[Table]]:
    """The revisions of the schema, and its tables, those first that others refer to."""
    found = MetaData()
    found.reflect(session.connection())
    versions = found.tables.get(VERSIONS)
    revisions = () if versions is None else tuple(sorted(session.connection().scalars(select(versions.c.version_num))))
    return revisions, [table for table in found.sorted_tables if table.name != VERSIONS]


def size(session: Session, table: Table) -> int:
    return session.connection().scalar(select(func.count()).select_from(table)) or 0


def rows(session: Session, table: Table) -> Iterator[tuple[int, bytes]]:
    """All rows, in pieces of about a MiB: how many they are, and they themselves, packed."""
    encode = msgspec.msgpack.Encoder().encode
    held: list[msgspec.Raw] = []
    room = CHUNK_BYTES
    for row in session.connection().execution_options(yield_per=PAGE).execute(select(table)):
        packed = encode(tuple(row))
        held.append(msgspec.Raw(packed))
        room -= len(packed)
        if room <= 0:
            yield len(held), zstandard.compress(encode(held))
            held, room = [], CHUNK_BYTES
    if held:
        yield len(held), zstandard.compress(encode(held))


def unpacked(data: bytes, columns: int) -> list[list[Any]]:
    """The rows of a piece.

    Raises:
        Flaw: it holds something else, or more than a piece does.
    """
    try:
        if zstandard.frame_content_size(data) > MEMBER_BYTES:
            raise Flaw("a piece of the backup is larger than any that is written", ANOTHER)
        found = msgspec.msgpack.decode(zstandard.decompress(data), type=list[list[Any]])
    except (zstandard.ZstdError, msgspec.DecodeError) as error:
        raise Flaw(f"rows in the backup cannot be read: {error}", ANOTHER) from None
    if any(len(row) != columns for row in found):
        raise Flaw("rows in the backup have other columns than their table", ANOTHER)
    return found


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def build(database: Database, service: str, revisions: Sequence[str]) -> None:
    """Make an empty database's schema as it was in the backup; the service brings it up to date when it starts.

    Raises:
        Flaw: this version does not know a revision.
    """
    own = files(PACKAGES.get(service, f"services.{service}")).joinpath("migrations")
    alembic = configuration(database, *KERNEL.values(), str(own))
    try:
        for revision in revisions:
            command.upgrade(alembic, revision)
    except CommandError as error:
        later = "The backup is of a later version. Install that one, restore, and upgrade from there."
        raise Flaw(f"the schema of {service} is not known here: {error}", later) from None


def load(session: Session, table: Table, columns: Sequence[str], found: Sequence[Sequence[Any]]) -> None:
    session.connection().execute(table.insert(), [dict(zip(columns, row, strict=True)) for row in found])


def count_on(session: Session, loaded: Sequence[Table]) -> None:
    """Let numbers that PostgreSQL gives out go on after those that are there. SQLite does so by itself."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in loaded:
        for column in table.primary_key:
            given = {"table": f'"{table.name}"', "column": column.name}
            sequence = session.connection().scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), given)
            if sequence:
                newest = session.connection().scalar(select(func.max(column)))
                session.connection().execute(select(func.setval(sequence, newest or 1, newest is not None)))


def renew(session: Session, service: str) -> None:
    """What a service must make anew in a database that was restored: `renew` in its `restored.py`, if it has one."""
    place = f"services.{service}.restored"
    if service not in PACKAGES and find_spec(place):
        import_module(place).renew(session)

"""Reading a backup from its first member to its last, and believing nothing before its end."""

import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Protocol

import msgspec

from weft.backup import bases
from weft.backup.envelope import PIECE, Member, opened
from weft.backup.flaws import ANOTHER, Flaw
from weft.backup.keys import Identity
from weft.backup.manifest import CONTENTS, SIGNATURE, TITLE, Base, Item, Manifest, Title, manifest, title
from weft.protocol.signing import SigningKey, VerifyKey

IDENTITY, SETTINGS = "keys/identity.seed", "node.toml"
KEY = re.compile(r"keys/(?:[a-z0-9_-]+/)?[a-z0-9][a-z0-9_.-]*")
SCHEMA = re.compile(r"databases/([a-z]+)/schema\.json")
ROWS = re.compile(r"databases/([a-z]+)/([a-z_]+)/[0-9]{6}\.msgpack\.zst")
BLOB = re.compile(r"blobs/[0-9a-f]{2}/([0-9a-f]{64})")
SMALL_BYTES, STATEMENT_BYTES = 1 << 20, 1 << 30


class Taker(Protocol):
    """Who makes something of what is in a backup. What it is given is whole, and not yet known to be right."""

    def small(self, name: str, data: bytes) -> None:
        """`node.toml`, or a key."""

    def base(self, base: Base) -> None:
        """A database begins."""

    def rows(self, base: Base, table: str, found: list[list[object]]) -> None: ...

    def blob(self, place: str, stream: IO[bytes]) -> None: ...


class Nothing:
    """Takes nothing: for looking at a backup alone."""

    def small(self, name: str, data: bytes) -> None: ...

    def base(self, base: Base) -> None: ...

    def rows(self, base: Base, table: str, found: list[list[object]]) -> None: ...

    def blob(self, place: str, stream: IO[bytes]) -> None: ...


class Contents:
    """What a backup turned out to hold."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.title: Title | None = None
        self.identity: VerifyKey | None = None
        self.settings = b""
        self.bases: dict[str, Base] = {}
        self.counts: dict[tuple[str, str], int] = {}
        self.manifest: Manifest | None = None


def walk(file: Path, identities: list[Identity], taker: Taker, tell: Callable[[int], None]) -> Contents:
    """Give a taker what is in a backup, and return once all of it was found to be as the node has signed it.

    Raises:
        Flaw: something is missing, altered, out of place or unsigned. What was given until then is not to be used.
    """
    contents = Contents()
    statement = signature = b""
    for member in opened(file, identities, tell):
        if statement and (signature or member.name != SIGNATURE):
            raise Flaw(f"something follows the manifest: {member.name[:200]!r}", ANOTHER)
        if member.name == CONTENTS:
            statement = _read(member, STATEMENT_BYTES)
        elif member.name == SIGNATURE:
            signature = _read(member, SMALL_BYTES)
        else:
            _item(contents, member, taker)
    if contents.identity is None or not signature:
        raise Flaw("the backup has no end: it was not written whole", ANOTHER)
    said = contents.manifest = manifest(statement, signature, contents.identity)
    counted = {(base.service, table.name): table.rows for base in said.databases for table in base.tables if table.rows}
    if (
        said.title != contents.title
        or said.items != tuple(contents.items)
        or said.databases != tuple(contents.bases.values())
        or counted != contents.counts
    ):
        raise Flaw("the backup does not hold what its manifest says", ANOTHER)
    return contents


def _item(contents: Contents, member: Member, taker: Taker) -> None:
    stream = _Hashing(member.stream)
    if (contents.title is None) is not (member.name == TITLE):
        raise Flaw("the backup does not begin with its title", ANOTHER)
    if member.name == TITLE:
        contents.title = title(_read(member._replace(stream=stream), SMALL_BYTES))
    elif member.name == SETTINGS or KEY.fullmatch(member.name):
        data = _read(member._replace(stream=stream), SMALL_BYTES)
        if member.name == SETTINGS:
            contents.settings = data
        elif member.name == IDENTITY:
            contents.identity = _public(data)
        taker.small(member.name, data)
    elif found := SCHEMA.fullmatch(member.name):
        base = _schema(_read(member._replace(stream=stream), SMALL_BYTES), found[1])
        if contents.bases.setdefault(base.service, base) is not base:
            raise Flaw(f"the database of {base.service} is there twice", ANOTHER)
        taker.base(base)
    elif found := ROWS.fullmatch(member.name):
        _rows(contents, _read(member._replace(stream=stream), bases.MEMBER_BYTES), found[1], found[2], taker)
    elif found := BLOB.fullmatch(member.name):
        taker.blob(member.name, stream)
        stream.drain()
        if stream.hash.hexdigest() != found[1]:
            raise Flaw(f"the file {found[1]} is not what its name says", ANOTHER)
    else:
        raise Flaw(f"there is something unknown in the backup: {member.name[:200]!r}", "Use the version that made it.")
    contents.items.append(Item(member.name, member.size, stream.hash.hexdigest()))


def _rows(contents: Contents, data: bytes, service: str, table: str, taker: Taker) -> None:
    base = contents.bases.get(service)
    columns = next((each.columns for each in base.tables if each.name == table), None) if base else None
    if base is None or columns is None:
        raise Flaw(f"there are rows of {service}/{table} and no such table", ANOTHER)
    found = bases.unpacked(data, len(columns))
    contents.counts[service, table] = contents.counts.get((service, table), 0) + len(found)
    taker.rows(base, table, found)


def _schema(data: bytes, service: str) -> Base:
    try:
        base = msgspec.json.decode(data, type=Base)
    except msgspec.DecodeError as error:
        raise Flaw(f"the schema of {service} cannot be read: {error}", ANOTHER) from None
    if base.service != service:
        raise Flaw(f"the schema of {service} is another's", ANOTHER)
    return base


def _public(seed: bytes) -> VerifyKey:
    try:
        return SigningKey(bytes.fromhex(seed.decode().strip())).public
    except ValueError as error:
        raise Flaw(f"the node's key in the backup is none: {error}", ANOTHER) from None


def _read(member: Member, at_most: int) -> bytes:
    if member.size > at_most:
        raise Flaw(f"{member.name} has {member.size} bytes, and {at_most} at most", ANOTHER)
    return member.stream.read()


class _Hashing(io.BytesIO):
    """A stream that knows the SHA-256 of what was read from it."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__()
        self._stream = stream
        self.hash = hashlib.sha256()

    def read(self, size: int | None = -1, /) -> bytes:
        data = self._stream.read(-1 if size is None else size)
        self.hash.update(data)
        return data

    def drain(self) -> None:
        while self.read(PIECE):
            pass

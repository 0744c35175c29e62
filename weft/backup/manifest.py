"""What a backup says of itself: first what it is of, last what is in it, signed by the node. Pure."""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from weft.backup.flaws import ANOTHER, Flaw
from weft.protocol.signing import SigningKey, VerifyKey

T = TypeVar("T")
FORMAT = 1
PURPOSE = "backup"
TITLE, CONTENTS, SIGNATURE = "backup.json", "manifest.json", "manifest.signature"

Hash = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
Count = Annotated[int, Meta(ge=0)]


class Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which node, by which version, begun when."""

    format: int
    node: str
    title: str
    software: str
    began_at: str


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far one of the node's own feeds was sealed."""

    feed: str
    epoch: int
    sequence: int
    hash: str
    records: int


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    columns: tuple[str, ...]
    rows: Count


class Base(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One service's database, of one moment. `revisions` are those of its schema."""

    service: str
    engine: str
    read_at: str
    revisions: tuple[str, ...]
    tables: tuple[Table, ...]


class Item(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    name: str
    size: Count
    sha256: Hash


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`missing` blobs were referenced or listed and gone when their turn came; `elsewhere` are stores that are not in it."""

    title: Title
    ended_at: str
    heads: tuple[Head, ...]
    databases: tuple[Base, ...]
    missing: tuple[str, ...]
    elsewhere: tuple[str, ...]
    items: tuple[Item, ...]

    def sealed(self, key: SigningKey) -> tuple[bytes, bytes]:
        """The exact bytes, and the node's signature of them."""
        statement = msgspec.json.encode(self)
        return statement, key.sign(PURPOSE, statement)


def title(data: bytes) -> Title:
    """Raises:
    Flaw: it is no backup, or of a format that a later version writes.
    """
    found = _read(data, Title)
    if found.format != FORMAT:
        raise Flaw(
            f"the backup has the format {found.format}", "Restore it with the version that made it, or a later one."
        )
    return found


def manifest(data: bytes, signature: bytes, key: VerifyKey) -> Manifest:
    """Raises:
    Flaw: the node whose key is in the backup has not signed this.
    """
    if not key.signed(PURPOSE, data, signature):
        raise Flaw("the backup's manifest is not signed by the node whose key is in it", ANOTHER)
    return _read(data, Manifest)


def _read(data: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Flaw(f"the backup does not say what it is: {error}", ANOTHER) from None

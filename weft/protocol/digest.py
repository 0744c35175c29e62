"""Digest: an order-independent fingerprint of what a feed holds, kept in buckets so that a difference can be narrowed.

Sums of hashes find accidents; they prove nothing against a forger. Headers and manifests authenticate.
"""

import hashlib
import zlib
from typing import Self

BUCKETS = 256
_MODULUS = 1 << 256
_ROW = 40


def bucket_of(kind: str, id_: str) -> int:
    """The bucket of a record: by its name alone, so that all versions of it meet in one."""
    return zlib.crc32(f"{kind}/{id_}".encode()) % BUCKETS


def fingerprint(kind: str, id_: str, version: str, body_hash: str) -> int:
    """What one held record adds to its bucket's sum."""
    return int.from_bytes(hashlib.sha256(f"{kind}/{id_} {version} {body_hash}".encode()).digest())


class Digest:
    """Counts and sums over (kind, id, version, body hash) of a feed's puts. Adding and removing are exact inverses."""

    __slots__ = ("_counts", "_sums")

    def __init__(self) -> None:
        self._counts = [0] * BUCKETS
        self._sums = [0] * BUCKETS

    def add(self, kind: str, id_: str, version: str, body_hash: str) -> None:
        at = bucket_of(kind, id_)
        self._counts[at] += 1
        self._sums[at] = (self._sums[at] + fingerprint(kind, id_, version, body_hash)) % _MODULUS

    def remove(self, kind: str, id_: str, version: str, body_hash: str) -> None:
        at = bucket_of(kind, id_)
        self._counts[at] -= 1
        self._sums[at] = (self._sums[at] - fingerprint(kind, id_, version, body_hash)) % _MODULUS

    @property
    def count(self) -> int:
        """How many records the feed holds."""
        return sum(self._counts)

    def to_bytes(self) -> bytes:
        """256 rows of an 8-byte count and a 32-byte sum, big-endian."""
        rows = zip(self._counts, self._sums, strict=True)
        return b"".join(count.to_bytes(8, signed=True) + total.to_bytes(32) for count, total in rows)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        if len(raw) != BUCKETS * _ROW:
            raise ValueError(f"a digest has {BUCKETS * _ROW} bytes, not {len(raw)}")
        digest = cls()
        for at in range(BUCKETS):
            row = raw[at * _ROW : (at + 1) * _ROW]
            digest._counts[at] = int.from_bytes(row[:8], signed=True)
            digest._sums[at] = int.from_bytes(row[8:])
        return digest

    @property
    def hex(self) -> str:
        """The one line that headers carry: SHA-256 of the rows."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    def buckets(self) -> list[tuple[int, str]]:
        """Each bucket's count and sum in hexadecimal, as two nodes exchange them to narrow a difference."""
        return [(count, f"{total:064x}") for count, total in zip(self._counts, self._sums, strict=True)]

    def differing(self, other: "Digest") -> list[int]:
        """The buckets in which two copies are not equal."""
        pairs = zip(self.buckets(), other.buckets(), strict=True)
        return [at for at, (ours, theirs) in enumerate(pairs) if ours != theirs]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digest) and self.to_bytes() == other.to_bytes()

    __hash__ = None  # type: ignore[assignment]  # mutable: never a dictionary's key

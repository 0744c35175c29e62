"""Manifests: what bytes must be, as a whole and part by part. Pure: no disk, no socket."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from dataclasses import dataclass
from re import compile as pattern

from weft.problems import Problem

PART_BYTES = 1024 * 1024
BLOB_BYTES = 100 * 1024 * 1024
_hash = pattern(r"[0-9a-f]{64}")


class Altered(Problem):
    status, code, title = 502, "altered", "What came is not what its owner has published"
    hint = "Nothing of it was kept or passed on. Tell the operator of the owner's node which file it is."


@dataclass(frozen=True)
class Manifest:
    """The size of a blob, its SHA-256, and that of each MiB of it. Hashes are in hexadecimal."""

    size: int
    sha256: str
    parts: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 < self.size <= BLOB_BYTES:
            raise ValueError(f"a file has 1 to {BLOB_BYTES} bytes, not {self.size}")
        if len(self.parts) != count(self.size):
            raise ValueError(f"{self.size} bytes have {count(self.size)} parts, not {len(self.parts)}")
        if not all(_hash.fullmatch(text) for text in (self.sha256, *self.parts)):
            raise ValueError("a SHA-256 is 64 hexadecimal digits in lower case")

    def length(self, part: int) -> int:
        """How many bytes a part has."""
        return min(PART_BYTES, self.size - part * PART_BYTES)

    def check(self, part: int, data: bytes) -> None:
        """Let a part pass that is what it must be; behind the last there is none.

        Raises:
            Altered: it is not.
        """
        if len(data) != self.length(part) or hashlib.sha256(data).hexdigest() != self.parts[part]:
            raise Altered(f"part {part} of {self.sha256} is not what it must be")


def count(size: int) -> int:
    """How many parts so many bytes have."""
    return -(-size // PART_BYTES)


class Measure:
    """Takes bytes as they come and says at the end what they were."""

    def __init__(self) -> None:
        self.size = 0
        self._whole = hashlib.sha256()
        self._parts: list[str] = []
        self._part = hashlib.sha256()

    def add(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        self._whole.update(view)
        while view:
            room = PART_BYTES - self.size % PART_BYTES
            piece, view = view[:room], view[room:]
            self._part.update(piece)
            self.size += len(piece)
            if len(piece) == room:
                self._parts.append(self._part.hexdigest())
                self._part = hashlib.sha256()

    def manifest(self) -> Manifest:
        last = [self._part.hexdigest()] if self.size % PART_BYTES else []
        return Manifest(self.size, self._whole.hexdigest(), (*self._parts, *last))


async def pieces(stream: AsyncIterable[bytes], sizes: Iterator[int]) -> AsyncIterator[bytes]:
    """What a stream brings, cut anew into pieces of these sizes; at its end the rest, if there is some."""
    held = bytearray()
    wanted = next(sizes, None)
    async for data in stream:
        held += data
        while wanted is not None and len(held) >= wanted:
            yield bytes(held[:wanted])
            del held[:wanted]
            wanted = next(sizes, None)
        if wanted is None and held:
            break
    if held:
        yield bytes(held)


async def verified(stream: AsyncIterable[bytes], manifest: Manifest, first: int = 0) -> AsyncIterator[bytes]:
    """The parts that a stream brings from part `first` on, each once it has been found right. A stream that ends early ends
    early here too: what came is right.

    Raises:
        Altered: a part is not what it must be, or more comes than there are.
    """
    part = first
    async for data in pieces(stream, (manifest.length(at) for at in range(first, len(manifest.parts)))):
        if len(data) < manifest.length(part):
            return
        await asyncio.to_thread(manifest.check, part, data)  # the next part comes meanwhile
        yield data
        part += 1

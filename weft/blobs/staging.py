"""Staging: where bytes wait on the local disk until they are known to be whole and right. Not for what is kept."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from weft.blobs.manifest import PART_BYTES, Manifest, Measure
from weft.problems import Invalid, TooLarge, Unavailable

ABANDONED_SECONDS = 3600.0
"""Nothing has been written to a file for so long: who wrote it has gone."""


@dataclass(frozen=True)
class Staged:
    """Bytes on the local disk and what they are."""

    file: Path
    manifest: Manifest


class Staging:
    """A folder on the local disk; several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def clean(self) -> int:
        """Remove what was abandoned, by this process or by another."""
        removed = 0
        for file in self.folder.iterdir():
            try:
                if time.time() - file.stat().st_mtime > ABANDONED_SECONDS:
                    file.unlink()
                    removed += 1
            except FileNotFoundError:
                continue  # another process cleans too, or has put it in place
        return removed

    @asynccontextmanager
    async def file(self) -> AsyncIterator[Path]:
        """A new file for as long as it is worked with; it may be moved away."""
        path = self.folder / secrets.token_hex(16)
        try:
            yield path
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)

    @asynccontextmanager
    async def taken(self, stream: AsyncIterable[bytes], limit: int) -> AsyncIterator[Staged]:
        """A stream's bytes, measured while they come. They are written in a thread while the next ones come.

        Raises:
            TooLarge, Invalid: there are more than `limit`, or none.
            Unavailable: the disk takes no more.
        """
        async with self.file() as path:
            yield Staged(path, await _written(stream, path, limit))


async def _written(stream: AsyncIterable[bytes], path: Path, limit: int) -> Manifest:
    measure = Measure()
    size = 0
    waiting: list[bytes] = []
    held = 0
    writing: asyncio.Task[None] | None = None
    with path.open("xb", buffering=0) as file:  # an empty file takes no time
        descriptor = file.fileno()
        try:
            async for data in stream:
                size += len(data)
                if size > limit:
                    raise TooLarge(f"a file is at most {limit} bytes")
                waiting.append(data)
                held += len(data)
                if held >= PART_BYTES:
                    if writing:
                        await writing
                    writing = asyncio.create_task(asyncio.to_thread(_write, descriptor, waiting, measure))
                    waiting, held = [], 0
        finally:
            if writing:
                await asyncio.shield(writing)  # it uses the open file
        if not size:
            raise Invalid("a file has at least one byte")
        await asyncio.to_thread(_write, descriptor, waiting, measure)
        return measure.manifest()


def _write(descriptor: int, pieces: Sequence[bytes], measure: Measure) -> None:
    data = b"".join(pieces)
    measure.add(data)
    write(descriptor, data, measure.size - len(data))


def write(descriptor: int, data: bytes, at: int) -> None:
    """Write all of this at a place of a file.

    Raises:
        Unavailable: the disk takes no more.
    """
    left = memoryview(data)
    try:
        while left:
            left = left[os.pwrite(descriptor, left, at + len(data) - len(left)) :]
    except OSError as error:
        raise Unavailable(f"the disk cannot take this now: {error.strerror}") from error

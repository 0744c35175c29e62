"""Files for the time of an import: what was sent, as it was sent, bounded. Not what it says."""

import asyncio
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import BinaryIO

from weft.problems import TooLarge, Unavailable

PIECE = 1024 * 1024


@asynccontextmanager
async def spooled(stream: AsyncIterable[bytes], *, at_most: int) -> AsyncIterator[BinaryIO]:
    """What the stream brings, as a file that is gone afterwards.

    Raises:
        TooLarge: it is more than `at_most` bytes.
        Unavailable: the disk is full.
    """
    with scratch() as file:
        held = bytearray()
        size = 0
        async for chunk in stream:
            size += len(chunk)
            if size > at_most:
                raise TooLarge(f"an import is at most {at_most} bytes: send it in parts")
            held += chunk
            if len(held) >= PIECE:
                await asyncio.to_thread(file.write, bytes(held))
                held.clear()
        file.write(held)
        file.seek(0)
        yield file


@contextmanager
def scratch() -> Iterator[BinaryIO]:
    """A file without a name, gone afterwards.

    Raises:
        Unavailable: the disk cannot take what is written to it.
    """
    try:
        with tempfile.TemporaryFile() as file:
            yield file
    except OSError as error:
        raise Unavailable(f"the import cannot be kept while it is read: {error}") from error

"""The lines of an import, as they come: bounded, numbered, however the bytes are cut. Not what a line says."""

from collections.abc import AsyncIterable, AsyncIterator

from weft.problems import TooLarge

FILE_BYTES = 64 * 1024 * 1024
LINE_BYTES = 1024 * 1024
LINES = 50_000


async def numbered(stream: AsyncIterable[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    """The lines, with their numbers; whether blank or not.

    Raises:
        TooLarge: the import, or one of its lines, is more than is taken.
    """
    held = bytearray()
    number = size = 0
    async for chunk in stream:
        size += len(chunk)
        if size > FILE_BYTES:
            raise TooLarge(f"an import is at most {FILE_BYTES} bytes: send it in parts")
        held += chunk
        if b"\n" in chunk:
            *whole, rest = bytes(held).split(b"\n")
            held = bytearray(rest)
            for line in whole:
                number += 1
                _bound(number, line)
                yield number, line
        _bound(number + 1, held)
    if held:
        yield number + 1, bytes(held)


async def filled(lines: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[tuple[int, bytes]]:
    """Those that are not blank."""
    async for number, line in lines:
        if line.strip():
            yield number, line


async def quoted(lines: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[tuple[int, bytes]]:
    """Rows of CSV, whose quoted cells may go over several lines; each has the number of its first.

    In a whole row the quotation marks are even in number, since one inside of a cell is written twice.

    Raises:
        TooLarge: a row, which a quotation mark that is never closed may have made, is over the length of a line.
    """
    held, first, marks = bytearray(), 0, 0
    async for number, line in lines:
        first = first if held else number
        held += line + b"\n"
        marks += line.count(b'"')
        if len(held) > LINE_BYTES:
            raise TooLarge(f"the row that begins in line {first} is over {LINE_BYTES} bytes: is a quotation mark open?")
        if marks % 2 == 0:
            if held.strip():
                yield first, bytes(held)
            held, marks = bytearray(), 0
    if held.strip():
        yield first, bytes(held)


def _bound(number: int, line: bytes | bytearray) -> None:
    if len(line) > LINE_BYTES:
        raise TooLarge(f"line {number} is over {LINE_BYTES} bytes")
    if number > LINES and line:
        raise TooLarge(f"an import has at most {LINES} lines: send it in parts")

"""Rows of a CSV file from anywhere: plain or gzip, UTF-8, bounded, each with its line. Not what the columns mean."""

import csv
import gzip
import io
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

MAX_LINE: Final = 256 * 1024
MAX_BYTES: Final = 2 * 1024**3
MAX_REFUSALS_KEPT: Final = 1_000

# A leading mark tells the encodings that spreadsheets save by mistake.
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_SAVE_AS_UTF8: Final = 'Save the file as "CSV UTF-8" and send it again.'


class BadTable(ValueError):
    """The file cannot be read as a table from this line on."""

    def __init__(self, line: int, reason: str, hint: str) -> None:
        super().__init__(f"line {line}: {reason}. {hint}")
        self.line, self.reason, self.hint = line, reason, hint


@dataclass(frozen=True, slots=True)
class Refusal:
    """A row that was left out: where, why, and what to do about it."""

    line: int
    reason: str
    hint: str


@dataclass(slots=True)
class Report:
    """What became of a file's rows. The first thousand refusals are kept, all are counted."""

    rows_read: int = 0
    rows_filtered: int = 0
    rows_refused: int = 0
    series_made: int = 0
    unmapped: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, line: int, reason: str, hint: str) -> None:
        """Count a row as left out."""
        self.rows_refused += 1
        if len(self.refusals) < MAX_REFUSALS_KEPT:
            self.refusals.append(Refusal(line, reason, hint))


def rows(stream: BinaryIO) -> Iterator[tuple[int, list[str]]]:
    """Every row that is not empty, the header included, with the number of its last line.

    Raises:
        BadTable: another encoding, a damaged gzip file, a broken quotation, or a line beyond the bounds.
    """
    reader = csv.reader(_lines(stream), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, row
    except csv.Error as error:
        raise BadTable(reader.line_num, f"not CSV: {error}", "Check the quotation marks near this line.") from error


def positions(header: list[str], *, required: tuple[str, ...], known: tuple[str, ...]) -> dict[str, int]:
    """Where each column stands.

    Raises:
        BadTable: a required column is missing, or one is unknown or there twice: it would be lost unseen.
    """
    twice = [name for name, times in Counter(header).items() if times > 1]
    missing = [name for name in required if name not in header]
    unknown = [name for name in header if name not in known]
    for names, what in ((missing, "missing"), (twice, "there twice"), (unknown, "unknown")):
        if names:
            listed = ", ".join(repr(name[:60]) for name in names[:10])
            raise BadTable(1, f"column {listed} is {what}", f"The columns are: {', '.join(known)}.")
    return {name: index for index, name in enumerate(header)}


def _lines(stream: BinaryIO) -> Iterator[str]:
    total = 0
    for number, raw in enumerate(_raw_lines(_plain(stream)), start=1):
        total += len(raw)
        if number == 1:
            if raw.startswith(_UTF16):
                raise BadTable(1, "the file is UTF-16, not UTF-8", _SAVE_AS_UTF8)
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if len(raw) > MAX_LINE or total > MAX_BYTES:
            raise BadTable(number, "the line or the file is too long", f"A line has at most {MAX_LINE} bytes.")
        try:
            yield raw.decode()
        except UnicodeDecodeError as error:
            wrong = f"byte 0x{raw[error.start]:02X} at position {error.start + 1} is not UTF-8"
            raise BadTable(number, f"{wrong} (Windows-1252 or Latin-1?)", _SAVE_AS_UTF8) from None


def _plain(stream: BinaryIO) -> "io.BufferedReader[Any]":
    buffered: io.BufferedReader[Any] = stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream)
    if buffered.peek(2)[:2] == b"\x1f\x8b":
        return io.BufferedReader(gzip.GzipFile(fileobj=buffered), buffer_size=1 << 18)
    return buffered


def _raw_lines(buffered: "io.BufferedReader[Any]") -> Iterator[bytes]:
    number = 0
    try:
        while raw := buffered.readline(MAX_LINE + 1):
            number += 1
            yield raw
    except (EOFError, OSError, zlib.error) as error:
        reason = f"the file cannot be read on: {error}"
        raise BadTable(number + 1, reason, "If it is compressed, it is damaged or cut off: make it again.") from error

"""Portions of an import: as many records as one short transaction writes."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

RECORDS = 1_000
BYTES = 4 * 1024 * 1024


def portions(sized: Iterable[tuple[str, T, int]]) -> Iterator[dict[str, T]]:
    """Records by id, each of which comes once and with its size. The largest is a portion of its own."""
    part: dict[str, T] = {}
    size = 0
    for id_, record, length in sized:
        if part and (len(part) == RECORDS or size + length > BYTES):
            yield part
            part, size = {}, 0
        part[id_] = record
        size += length
    if part:
        yield part

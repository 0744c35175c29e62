"""The cache: which fetched blobs make room when they take more than their budget. Pure; own blobs are never offered to it."""

from collections.abc import Iterable
from typing import NamedTuple

from weft.blobs.store import Blob


class Cached(NamedTuple):
    """A blob that can be fetched again, and when it was last read."""

    blob: Blob
    size: int
    used_at: str


def surplus(cached: Iterable[Cached], budget: int, busy: frozenset[Blob]) -> list[Blob]:
    """The blobs to let go until the others fit: the longest unread first, and none that is being read."""
    held = sorted(cached, key=lambda each: (each.used_at, each.blob))
    over = sum(each.size for each in held) - budget
    leaving: list[Blob] = []
    for each in held:
        if over <= 0:
            break
        if each.blob not in busy:
            leaving.append(each.blob)
            over -= each.size
    return leaving

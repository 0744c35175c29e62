"""Ranges of bytes, RFC 9110 section 14: one range, or the whole where a request asks in a way that may be left aside."""

import re
from typing import NamedTuple

from weft.problems import Problem

_one = re.compile(r"bytes=[ \t]*(?:([0-9]{1,18})-([0-9]{0,18})|-([0-9]{1,18}))[ \t]*", re.IGNORECASE)


class NoSuchRange(Problem):
    status, code, title = 416, "no-such-range", "The file has no bytes there"
    hint = "Content-Range says how many bytes the file has; the first is number 0."

    def __init__(self, size: int) -> None:
        super().__init__(f"the file has {size} bytes")
        self.headers = {"Content-Range": f"bytes */{size}"}


class Range(NamedTuple):
    """From `start` to before `stop`."""

    start: int
    stop: int

    def of(self, size: int) -> str:
        """As Content-Range says it."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


def asked(header: str | None, size: int) -> Range | None:
    """The part of so many bytes that a Range header asks for; None is the whole. Several ranges, other units and what
    cannot be read are answered with the whole, as the RFC allows and demands.

    Raises:
        NoSuchRange: there is nothing where it begins.
    """
    found = _one.fullmatch(header or "")
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        if int(suffix) == 0:
            raise NoSuchRange(size)
        return Range(max(0, size - int(suffix)), size)
    start, stop = int(first), min(size, int(last) + 1) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise NoSuchRange(size)
    return Range(start, stop)


def resumes(if_range: str | None, etag: str) -> bool:
    """Whether a range may be given to who has begun with another answer: If-Range compares strongly, and we have no dates."""
    return if_range is None or if_range.strip() == etag

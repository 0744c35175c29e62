"""The opaque cursor of a page: after which hit it begins, so that what comes meanwhile moves nothing."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import NamedTuple

from services.search.engine.interface import MAX_DEPTH, InvalidQuery

_LONGEST = 100
_WRITTEN = re.compile(r"([1-9]\d{0,3}):(\d{1,8}|\d{1,9}\.\d{1,20}|\d{1,3}(?:\.\d{1,20})?e-\d{1,2}):(\d{1,18})")


class Place(NamedTuple):
    """How many hits come before, and by what the last of them was sorted: its date or score, then its version."""

    before: int
    sorted_by: Sequence[float]


def write(before: int, total: int, sorted_by: Sequence[float]) -> str | None:
    """A cursor, unless there is nothing after it, or nothing that may be reached."""
    if before >= min(total, MAX_DEPTH):
        return None
    first, version = sorted_by
    return urlsafe_b64encode(f"{before}:{first}:{version}".encode()).decode()


def read(cursor: str | None, *, by_date: bool) -> Place | None:
    """The place where a page begins; none for the first.

    Raises:
        InvalidQuery: it was not written here, or in another order.
    """
    if cursor is None:
        return None
    try:
        found = _WRITTEN.fullmatch(urlsafe_b64decode(cursor[:_LONGEST].encode()).decode("ascii"))
    except (UnicodeError, binascii.Error) as error:
        raise InvalidQuery("after is not the cursor of a page") from error
    if found is None or (by_date and not found[2].isdecimal()):
        raise InvalidQuery("after is not the cursor of a page")
    first = int(found[2]) if by_date else float(found[2])
    return Place(int(found[1]), (first, int(found[3])))

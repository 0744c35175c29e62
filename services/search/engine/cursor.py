"""The opaque cursor of a page: how many hits come before the next one."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode

from services.search.engine.interface import MAX_DEPTH, InvalidQuery

_LONGEST = 16


def write(offset: int, total: int) -> str | None:
    """A cursor, unless there is nothing after it, or nothing that may be reached."""
    return urlsafe_b64encode(str(offset).encode()).decode() if offset < min(total, MAX_DEPTH) else None


def read(cursor: str | None) -> int:
    """How many hits come before.

    Raises:
        InvalidQuery: it was not written here.
    """
    if cursor is None:
        return 0
    try:
        digits = urlsafe_b64decode(cursor[:_LONGEST].encode()).decode("ascii")
        offset = int(digits) if digits.isdecimal() else -1
    except (UnicodeError, binascii.Error) as error:
        raise InvalidQuery("after is not the cursor of a page") from error
    if not 0 < offset < MAX_DEPTH:
        raise InvalidQuery("after is not the cursor of a page")
    return offset

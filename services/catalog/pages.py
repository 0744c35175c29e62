"""The place in a listing, newest first, as the opaque text that `next` and `after` carry."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

import msgspec

from services.catalog.texts import flaw
from weft.problems import Invalid


class Place(NamedTuple):
    """The last document that was listed."""

    updated_at: str
    origin: str
    id: str

    def write(self) -> str:
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")


def read(text: str) -> Place:
    """The place that was written as this.

    Raises:
        Invalid: no page ended so.
    """
    try:
        place = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Place)
    except (ValueError, msgspec.MsgspecError):
        place = Place("\0", "", "")
    if any(flaw(part) for part in place):
        raise Invalid("after: is not the 'next' of a page; begin again without it")
    return place

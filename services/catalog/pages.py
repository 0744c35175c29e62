"""The place in a listing, newest first."""

from typing import NamedTuple

from weft.records import pages
from weft.records.pages import NoPlace
from weft.records.texts import flaw


class Place(NamedTuple):
    """The last document that was listed."""

    updated_at: str
    origin: str
    id: str


def read(text: str) -> Place:
    """The place that was written as this.

    Raises:
        NoPlace: no page ended so.
    """
    place = pages.read(text, Place)
    if any(flaw(part) for part in place):
        raise NoPlace
    return place

"""The place in a listing, in the order of keys."""

import re
from typing import NamedTuple

from services.indicators.schemas import KIND
from weft.protocol.names import Key
from weft.protocol.refusals import Refusal
from weft.records import pages
from weft.records.pages import NoPlace

_period = re.compile(r"[0-9SQW-]{0,10}")


class Place(NamedTuple):
    """The last series that was listed, and the last period where observations are."""

    origin: str
    id: str
    period: str = ""


def read(text: str) -> Place:
    """The place that was written as this.

    Raises:
        NoPlace: no page ended so.
    """
    place = pages.read(text, Place)
    try:
        Key.make(place.origin, KIND, place.id)
    except Refusal:
        raise NoPlace from None
    if not _period.fullmatch(place.period):
        raise NoPlace
    return place

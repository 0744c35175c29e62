"""The place in a listing, in the order of keys, as the opaque text that `next` and `after` carry."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple, Self

import msgspec

from services.indicators.schemas import KIND
from weft.problems import Invalid
from weft.protocol.names import Key
from weft.protocol.refusals import Refusal

_period = re.compile(r"[0-9SQW-]{0,10}")


class Place(NamedTuple):
    """The last series that was listed, and the last period where observations are."""

    origin: str
    id: str
    period: str = ""

    def write(self) -> str:
        return urlsafe_b64encode(msgspec.json.encode(self)).decode().rstrip("=")

    @classmethod
    def read(cls, text: str) -> Self:
        """The place that was written as this.

        Raises:
            Invalid: no page ended so.
        """
        try:
            place = msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=cls)
            Key.make(place.origin, KIND, place.id)
        except (ValueError, msgspec.MsgspecError, Refusal):
            place = None
        if place is None or not _period.fullmatch(place.period):
            raise Invalid("after: is not the 'next' of a page; begin again without it")
        return place

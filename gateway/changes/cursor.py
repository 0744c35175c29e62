"""The cursor of the merged list: how far each service's own list has been read. Opaque to clients; no secret in it."""

import base64
from collections.abc import Mapping
from typing import NamedTuple, Self

import msgspec

from weft.problems import Invalid

CHARACTERS = 2_000
WRONG = "since: is not the 'next' of an answer; begin again without it"
_FORM = "1"


class Cursor(NamedTuple):
    """`places`: each service's own cursor, by service; one that is not there is read from its beginning."""

    places: Mapping[str, str] = {}

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cursor that was told as this text; an empty one is the beginning.

        Raises:
            Invalid: it is none.
        """
        if not text:
            return cls()
        try:
            form, places = msgspec.json.decode(
                base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=tuple[str, dict[str, str]]
            )
        except (ValueError, RecursionError):
            raise Invalid(WRONG) from None
        if form != _FORM:
            raise Invalid(WRONG)
        return cls(places)

    def moved(self, places: Mapping[str, str]) -> "Cursor":
        """This cursor, further on for some services."""
        return Cursor({**self.places, **places})

    def __str__(self) -> str:
        told = msgspec.json.encode((_FORM, dict(sorted(self.places.items()))))
        return base64.urlsafe_b64encode(told).rstrip(b"=").decode()

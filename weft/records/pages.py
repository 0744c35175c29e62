"""Pages of a listing, and the place where one ends as the opaque text that `next` and `after` carry."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple, TypeVar

import msgspec
from starlette.datastructures import URL

from weft.problems import Invalid
from weft.records import wire

P = TypeVar("P")


class Page(NamedTuple):
    """Items, how many there are in all, and the `after` of the page that follows."""

    items: list[bytes]
    total: int
    next: str | None

    def to_bytes(self) -> bytes:
        rest = wire.members({"total": self.total, "next": self.next})
        return b'{"items":[' + b",".join(self.items) + b"]," + rest + b"}"


class NoPlace(Invalid):
    """The text that should say a place says none."""

    def __init__(self) -> None:
        super().__init__("after: is not the 'next' of a page; begin again without it")


def written(place: tuple[object, ...]) -> str:
    return urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read(text: str, place: type[P]) -> P:
    """The place that was written as this. Whether there can be such a place is for who asks.

    Raises:
        NoPlace: no page ended so.
    """
    try:
        return msgspec.json.decode(urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=place)
    except (ValueError, msgspec.MsgspecError):
        raise NoPlace from None


def following(url: URL, after: str | None) -> dict[str, str]:
    """The Link header to the page that follows, if one does."""
    if after is None:
        return {}
    there = url.include_query_params(after=after)
    return {"Link": f'<{there.path}?{there.query}>; rel="next"'}

"""Waiting for what a service shows, in a request: bounded in time and in how many wait at once. Nothing is decided here."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from sqlmodel import Session

from weft.database import Database
from weft.exchange.bell import SHOWN, Bell, heard

T = TypeVar("T")

SEATS: Final = 200
"""So many requests wait at a time in a process; who comes when it is full is answered at once."""
LOOK_SECONDS: Final = 1.0
"""Another process of the service may have written: its bell is not heard here."""
LEAST_SECONDS: Final = 0.02
"""Between two looks, so that many who wait through many changes do not fill the database's day."""


class Waitable(Protocol):
    """What waiting needs of the running service."""

    @property
    def database(self) -> Database: ...
    @property
    def bell(self) -> Bell: ...


_seated: set[object] = set()


async def until(node: Waitable, look: Callable[[Session], T], enough: Callable[[T], bool], seconds: float) -> T:
    """What `look` sees once that is enough, or when the time is over, or the service ends."""
    seat = object()
    end = time.monotonic() + seconds
    try:
        while True:
            rung = node.bell.listen(SHOWN)
            seen = await node.database.read(look)
            left = end - time.monotonic()
            if enough(seen) or left <= 0 or node.bell.closed or (len(_seated) >= SEATS and seat not in _seated):
                return seen
            _seated.add(seat)
            await asyncio.sleep(LEAST_SECONDS)
            await heard(rung, min(left, LOOK_SECONDS))
    finally:
        _seated.discard(seat)

"""A bell for each feed: whoever waits for its next commit hears it at once, in this process."""

import asyncio
from collections import defaultdict

from weft.protocol.names import Feed


class Bell:
    def __init__(self) -> None:
        self._rung: dict[Feed, asyncio.Event] = defaultdict(asyncio.Event)
        self.closed = False

    def ring(self, feed: Feed) -> None:
        """Wake everybody who waits for this feed."""
        self._rung.pop(feed, asyncio.Event()).set()

    def close(self) -> None:
        """The process ends: nobody waits any more."""
        self.closed = True
        for feed in list(self._rung):
            self.ring(feed)

    def listen(self, feed: Feed) -> asyncio.Event:
        """An event that the next ring sets. Take it before looking at the feed, so that no ring falls in between."""
        return self._rung[feed]


async def heard(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event was set within the time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True

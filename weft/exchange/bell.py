"""A bell for each feed, and one for what a service shows: whoever waits for the next change hears it at once, in this process."""

import asyncio
from collections import defaultdict

from weft.protocol.names import Feed

SHOWN = "what is shown"
"""Rung when a service shows something else than before, or answers it: none of its feeds need have changed."""
Topic = Feed | str


class Bell:
    def __init__(self) -> None:
        self._rung: dict[Topic, asyncio.Event] = defaultdict(asyncio.Event)
        self.closed = False

    def ring(self, topic: Topic) -> None:
        """Wake everybody who waits for this."""
        self._rung.pop(topic, asyncio.Event()).set()

    def close(self) -> None:
        """The process ends: nobody waits any more."""
        self.closed = True
        for topic in list(self._rung):
            self.ring(topic)

    def listen(self, topic: Topic) -> asyncio.Event:
        """An event that the next ring sets. Take it before looking, so that no ring falls in between."""
        return self._rung[topic]


async def heard(event: asyncio.Event, seconds: float) -> bool:
    """Whether the event was set within the time."""
    try:
        async with asyncio.timeout(seconds):  # `wait_for` loses a cancellation that comes together with the event
            await event.wait()
    except TimeoutError:
        return False
    return True

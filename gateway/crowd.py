"""How many requests are being worked on, and when there are so many that a new one is better told to come again.

A burst is let in: it is over before anybody minds. Only when for a while there was not one moment with little to do is what
is too much refused, so that those let in are answered about as fast as ever. The idea is CoDel's (RFC 8289): not that a queue
is long says that there is too much, but that it never empties.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.problems import Busy

TURN_SECONDS = 0.02
"""So long may the event loop work on requests before it looks for new ones. What is read in this process is read in its turn."""
AT_ONCE = 16
"""So many may wait for a thread or for another process; more would only wait for each other."""
PATIENCE_SECONDS = 0.25
"""How long it may be too much before anybody is refused."""
WAITING_SECONDS = 0.25
"""Who takes longer than this waits for something else than work: a long poll, a slow line. It is not counted."""


class Crowd:
    """The requests of one process. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self.under_way = 0
        """How many are being worked on now, those that wait for something else left out."""
        self._turn: float | None = None
        self._turned_at = clock()
        self._little_at = clock()

    @contextmanager
    def joined(self) -> Iterator[None]:
        """While a request is worked on.

        Raises:
            Busy: there are too many, and have been for a while.
        """
        loop, now = asyncio.get_running_loop(), self._clock()
        if self._turn is None:
            self._begin(loop, now)
        crowded = now - (self._turn or now) > TURN_SECONDS or self.under_way >= AT_ONCE
        if crowded and now - self._little_at > PATIENCE_SECONDS:
            raise Busy("more is asked of it than it can answer")
        self.under_way += 1
        leave = _Once(self._leave)
        waiting = loop.call_later(WAITING_SECONDS, leave)
        try:
            yield
        finally:
            waiting.cancel()
            leave()

    def _begin(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        """The first request that this turn of the event loop takes up."""
        self._turn = now
        loop.call_soon(self._end)
        if now - self._turned_at > TURN_SECONDS / 2:
            self._look(now)

    def _end(self) -> None:
        """The event loop has come round."""
        began, self._turn = self._turn, None
        now = self._turned_at = self._clock()
        if began is not None and now - began < TURN_SECONDS / 2:
            self._look(now)

    def _look(self, now: float) -> None:
        if self.under_way <= AT_ONCE / 2:
            self._little_at = now

    def _leave(self) -> None:
        self.under_way -= 1


class _Once:
    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work

    def __call__(self) -> None:
        if self._work is not None:
            self._work()
            self._work = None

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

AT_ONCE = 10
"""So many keep two processors busy; more only wait for each other."""
TICK_SECONDS = 0.01
PUNCTUAL_SECONDS = 0.005
"""A tick of the event loop that is later has waited for work: there was much to do, whatever is under way now."""
LATE_SECONDS = 0.02
"""When a tick is overdue by this, half as many are let in."""
PATIENCE_SECONDS = 0.25
"""How long it may be too much before anybody is refused."""
WAITING_SECONDS = 0.25
"""Who takes longer than this waits for something else than work: a long poll, a slow line. It is not counted."""


class Crowd:
    """The requests of one process. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self.under_way = 0
        """How many are being worked on now, those that wait for something else left out."""
        self._clock = clock
        self._due: float | None = None
        self._little_at = clock()

    @property
    def watching(self) -> bool:
        """Whether anything was under way at the last look."""
        return self._due is not None

    @contextmanager
    def joined(self) -> Iterator[None]:
        """While a request is worked on.

        Raises:
            Busy: there are too many, and have been for a while.
        """
        loop, now = asyncio.get_running_loop(), self._clock()
        if not self.watching:
            self._little_at = now
            self._watch(loop, now)
        late = self._due is not None and now - self._due > LATE_SECONDS
        most = AT_ONCE // 2 if late else AT_ONCE
        if self.under_way >= most and now - self._little_at > PATIENCE_SECONDS:
            raise Busy("more is asked of it than it can answer")
        self.under_way += 1
        leave = _Once(self._leave)
        waiting = loop.call_later(WAITING_SECONDS, leave)
        try:
            yield
        finally:
            waiting.cancel()
            leave()

    def _watch(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        self._due = now + TICK_SECONDS
        loop.call_later(TICK_SECONDS, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look how it stands, for as long as anything is under way."""
        now, due = self._clock(), self._due
        punctual = due is not None and now - due < PUNCTUAL_SECONDS
        if punctual and self.under_way <= AT_ONCE / 2:
            self._little_at = now
        if punctual and not self.under_way:
            self._due = None
        else:
            self._watch(loop, now)

    def _leave(self) -> None:
        self.under_way -= 1


class _Once:
    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work

    def __call__(self) -> None:
        if self._work is not None:
            self._work()
            self._work = None

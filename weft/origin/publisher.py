"""The publisher: sealed commits go to the broker's stream of their feed, and leave it when a body of theirs is superseded.

It reads what to publish from the database, so a broker that was away, or lost its store, changes nothing.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from weft.database import Database
from weft.exchange.bell import heard
from weft.journal import published
from weft.journal.published import NOT_SENT, Outgoing
from weft.nats.bus import Bus
from weft.nats.errors import NatsProblem
from weft.problems import Unavailable
from weft.protocol.names import Feed

log = structlog.get_logger("weft.publisher")

LOOK_SECONDS = 5.0
ENSURE_SECONDS = 30.0
STREAM_AGE_SECONDS = 3600.0
STREAM_BYTES = 256 * 1024 * 1024


def stream_of(feed: Feed) -> str:
    """The name of a feed's stream at its origin's server."""
    return f"{feed.service}_{feed.audience}"


def subject_of(feed: Feed) -> str:
    return f"feed.{feed.service}.{feed.audience}"


class Publisher:
    def __init__(self, database: Database, origin: str, bus: Bus, hint: Callable[[Feed], None]) -> None:
        self._database = database
        self._origin = origin
        self._bus = bus
        self._hint = hint
        self._sealed = asyncio.Event()
        self._rung: set[Feed] = set()
        self._ensured_at = float("-inf")

    def sealed(self, feed: Feed) -> None:
        """A commit was sealed: tell the node's own services at once, and publish it."""
        self._hint(feed)
        self._rung.add(feed)
        self._sealed.set()

    def admitted(self) -> None:
        """A peer was admitted: it needs its readers."""
        self._ensured_at = float("-inf")
        self._sealed.set()

    async def run(self) -> None:
        while True:
            await heard(self._sealed, LOOK_SECONDS)
            self._sealed.clear()
            try:
                if time.monotonic() - self._ensured_at > ENSURE_SECONDS:
                    await self._ensure()
                rung, self._rung = frozenset(self._rung), set()
                while await self._publish(rung):
                    pass
                await self._erase()
            except (NatsProblem, Unavailable) as error:
                self._ensured_at = float("-inf")
                log.info("not published yet; readers pull meanwhile", why=str(error))
                await asyncio.sleep(1)
                self._sealed.set()

    async def _ensure(self) -> None:
        """Every feed's stream, and the peers' readers of it. A store that was lost is made again, from now on."""
        if not self._bus.connected:
            raise Unavailable("the broker is not connected")
        for feed, names in await self._database.read(published.readers, self._origin):
            await self._bus.ensure_stream(stream_of(feed), subject_of(feed), STREAM_AGE_SECONDS, STREAM_BYTES)
            for name in names:
                await self._bus.ensure_reader(stream_of(feed), name, from_now=True)
        self._ensured_at = time.monotonic()

    async def _publish(self, feeds: frozenset[Feed]) -> bool:
        """The next commits of the feeds that were rung for; when it was only time to look, of all."""
        waiting = await self._database.read(published.outgoing, self._origin, feeds)
        sent = [(commit, await self._send(commit)) for commit in waiting]
        if sent:
            await self._database.write(published.published, sent)
        return bool(sent)

    async def _send(self, commit: Outgoing) -> int:
        if commit.frame is None:
            return NOT_SENT
        return await self._bus.publish(subject_of(commit.feed), commit.frame, message_id=commit.hash)

    async def _erase(self) -> None:
        waiting = await self._database.read(published.stale)
        for item in waiting:
            if item.broker != NOT_SENT:
                await self._bus.erase(stream_of(item.feed), item.broker)
        if waiting:
            await self._database.write(published.erased, waiting)

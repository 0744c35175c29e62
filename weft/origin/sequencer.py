"""The sequencer: seals what was journalled, at once when it is quiet and in large commits when it is not."""

import asyncio
from collections.abc import Callable

import structlog

from weft.database import Database
from weft.exchange.bell import Bell, heard
from weft.journal import seal
from weft.journal.incarnation import Incarnation
from weft.problems import Unavailable
from weft.protocol.names import Feed
from weft.web.metrics import PENDING, SEALED

log = structlog.get_logger("weft.sequencer")

GATHER_SECONDS = 0.002
"""How long a first change waits for company: throughput in bulk, latency when idle."""
LOOK_SECONDS = 1.0


class Sequencer:
    def __init__(self, database: Database, us: Incarnation, bell: Bell, sealed: Callable[[Feed], None]) -> None:
        self._database = database
        self._us = us
        self._bell = bell
        self._sealed = sealed
        self._journalled = asyncio.Event()

    def ring(self) -> None:
        """Something was journalled."""
        self._journalled.set()

    async def run(self) -> None:
        """Seal until cancelled. A database that cannot do it now is asked again; nothing that waits is lost."""
        while True:
            if await heard(self._journalled, LOOK_SECONDS):
                await asyncio.sleep(GATHER_SECONDS)
            self._journalled.clear()
            try:
                while await self.seal_once():
                    pass
            except (Unavailable, seal.SequencerLost) as error:
                log.warning("not sealed yet", why=str(error))
                await asyncio.sleep(LOOK_SECONDS)
                self._journalled.set()

    async def end_once(self) -> bool:
        """`seal_once` at the end: a transaction that was begun goes on though its caller was cancelled, and may seal the same."""
        try:
            return await self.seal_once()
        except seal.SequencerLost:
            return True

    async def seal_once(self) -> bool:
        """Seal one commit's worth; whether there may be more."""
        commits = await self._database.write(seal.seal, self._us)
        for commit in commits:
            feed = Feed.parse(commit.header.feed)
            changes = len(commit.header.changes)
            SEALED.labels(str(feed)).inc(changes)
            log.debug("sealed", feed=str(feed), sequence=commit.header.sequence, commit=commit.hash, changes=changes)
            self._bell.ring(feed)
            self._sealed(feed)
        waiting = await self._database.read(seal.waiting)
        PENDING.labels(self._us.service).set(waiting)
        return waiting > 0

"""Haste: a deletion that waits keeps a reader from going on (rule 5 refuses the body), so it waits no longer."""

import asyncio
from collections.abc import Callable, Collection

import structlog

from weft.database import Database
from weft.journal import removed
from weft.journal.incarnation import Incarnation
from weft.problems import Unavailable
from weft.protocol.ledger import Name

log = structlog.get_logger("weft.haste")


class Haste:
    """`released` is told that deletions were queued to be sealed."""

    def __init__(self, database: Database, us: Incarnation, released: Callable[[], None]) -> None:
        self._database = database
        self._us = us
        self._released = released
        self._loop = asyncio.get_running_loop()
        self._asked = asyncio.Event()
        self._names: set[Name] = set()

    def ask(self, names: Collection[Name]) -> None:
        """Somebody needs the deletions of these to be sealed. Called in the database's threads."""
        if names:
            self._loop.call_soon_threadsafe(self._note, names)

    def _note(self, names: Collection[Name]) -> None:
        self._names.update(names)
        self._asked.set()

    async def run(self) -> None:
        """Queue what is asked for until cancelled. What the database cannot do now is asked for again."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            names, self._names = self._names, set()
            try:
                await self._database.write(removed.release, self._us.now(), names)
            except Unavailable as error:
                log.info("deletions go on waiting", why=str(error))
            else:
                log.info("deletions wait no longer, since a reader cannot go on", records=len(names))
                self._released()

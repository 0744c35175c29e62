"""Duty: of a service's workers on one database, one at a time seals, publishes, follows and ends embargoes.

It is for comfort. When two believe to be on duty, the swap of a feed's head and the writers' lock keep what is written right.
"""

import asyncio
import contextlib
import secrets
import time

import structlog
from sqlmodel import Session

from weft.database import Database, lease
from weft.problems import Unavailable
from weft.tasks import Work, running

log = structlog.get_logger("weft.duty")

DUTY = "duty"
LEASE_SECONDS = 6.0
LOOK_SECONDS = 1.5


class Duty:
    """A SQLite file has one process, which is always on duty: nobody has to wait for a lease after a crash."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._holder = secrets.token_hex(8)
        self._until = float("inf") if database.sqlite else float("-inf")

    @property
    def ours(self) -> bool:
        """Whether this process is on duty, by its own monotonic clock."""
        return time.monotonic() < self._until

    async def run(self, **works: Work) -> None:
        """Do the works whenever this process is on duty; on cancellation another one may go on at once."""
        try:
            while True:
                if await self.take():
                    async with running(**works):
                        log.info("on duty")
                        while await self.take() or self.ours:  # noqa: ASYNC110 - the lease is prolonged, not waited for
                            await asyncio.sleep(LOOK_SECONDS)
                    log.warning("off duty")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self.release()

    async def take(self) -> bool:
        """Take or prolong the duty; whether it is ours from now on. A database that is away leaves it as it was."""
        if self._database.sqlite:
            return True
        asked = time.monotonic()
        with contextlib.suppress(Unavailable):
            taken = await self._database.write(self._take)
            self._until = asked + LEASE_SECONDS if taken else float("-inf")
            return taken
        return False

    async def release(self) -> None:
        """Give it back. When the database cannot do it now, it runs out by itself."""
        if not self._database.sqlite:
            self._until = float("-inf")
            with contextlib.suppress(Unavailable):
                await self._database.write(lease.release, DUTY, self._holder)

    def _take(self, session: Session) -> bool:
        now = lease.now(session)
        return lease.take(session, DUTY, self._holder, now=now, until=now + LEASE_SECONDS)

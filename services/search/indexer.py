"""The indexer: drains the to-do rows into the index, at once when it is quiet and in batches when it is not.

A crash between the index's commit and the rows' deletion is harmless: the same states are told again. Two indexers at a
time are, too: the index lets no older gate overwrite a newer one.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import structlog

from services.search import lease, store
from services.search.index import Index
from weft.database import Database
from weft.exchange.bell import heard
from weft.exchange.following import at_once
from weft.problems import Unavailable
from weft.web.metrics import INDEX_TODO

log = structlog.get_logger("weft.indexer")

BATCH = 500
LOOK_SECONDS = 1.0
LEASE_SECONDS = 10.0


class Indexer:
    """`holder` is this process's name on the lease; `clock` gives seconds since 1970.

    `patience` is waited for before each batch: the index may come a little later than the records themselves.
    """

    def __init__(
        self,
        database: Database,
        index: Index,
        *,
        holder: str,
        clock: Callable[[], float] = time.time,
        patience: Callable[[], Awaitable[None]] = at_once,
    ) -> None:
        self._database = database
        self._index = index
        self._holder = holder
        self._clock = clock
        self._patience = patience
        self._leased_until = 0.0
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def wake(self) -> None:
        """There is something to do. Called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._changed.set)

    async def run(self) -> None:
        """Drain until cancelled; then another process may go on at once."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._changed.clear()
                try:
                    await self.drain()
                except Unavailable as error:
                    log.warning("not indexed yet", why=str(error))
                    await asyncio.sleep(LOOK_SECONDS)
                await heard(self._changed, LOOK_SECONDS)
        finally:
            self._loop = None
            await self.release()

    async def drain(self) -> None:
        """Tell the index all that waits, unless another process does."""
        while await self._leased():
            await self._index.mend()
            await self._patience()
            if not await self.drain_once():
                return

    async def drain_once(self) -> bool:
        """Tell the index one batch; whether there is more."""
        batch = await self._database.read(store.due, BATCH)
        if batch:
            await self._index.tell(batch)
        left = await self._database.write(store.done, batch) if batch else 0
        INDEX_TODO.set(left)
        return left > 0

    async def release(self) -> None:
        """Give the lease back. When the database cannot do it now, it runs out by itself."""
        self._leased_until = 0.0
        with contextlib.suppress(Unavailable):
            await self._database.write(lease.release, self._holder)

    async def _leased(self) -> bool:
        """Whether the lease is ours; prolonged in time, and not at every batch."""
        now = self._clock()
        if now < self._leased_until - LEASE_SECONDS / 2:
            return True
        until = now + LEASE_SECONDS
        taken = await self._database.write(lease.take, self._holder, now=now, until=until)
        self._leased_until = until if taken else 0.0
        return taken

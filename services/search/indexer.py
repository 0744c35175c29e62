"""The indexer: drains the to-do rows into the index, at once when it is quiet and in batches when it is not.

A crash between the index's commit and the rows' deletion is harmless: the same states are told again. Two indexers at a
time are, too: the index lets no older gate overwrite a newer one.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

from services.search import store
from services.search.index import Index, Underway
from services.search.schemas import Rebuilt
from weft.database import Database, lease
from weft.exchange.bell import heard
from weft.exchange.following import at_once
from weft.problems import Unavailable
from weft.tasks import cancelled
from weft.web.metrics import INDEX_TODO

log = structlog.get_logger("weft.indexer")

BATCH = 500
LOOK_SECONDS = 1.0
LEASE, LEASE_SECONDS = "index", 10.0


class Indexer:
    """`holder` is this process's name on the lease; `clock` gives seconds since 1970.

    `patience` is waited for before each batch: the index may come a little later than the records themselves.
    `searchable` is called after each.
    """

    def __init__(
        self,
        database: Database,
        index: Index,
        *,
        holder: str,
        clock: Callable[[], float] = time.time,
        patience: Callable[[], Awaitable[None]] = at_once,
        searchable: Callable[[], None] = lambda: None,
    ) -> None:
        self._database = database
        self._index = index
        self._holder = holder
        self._clock = clock
        self._patience = patience
        self._searchable = searchable
        self._leased_until = 0.0
        self._missed = ""
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
                    self._missed = ""
                except Unavailable as error:
                    if self._missed != str(error):  # an outage may be long: it is told once
                        log.warning("not indexed yet", why=str(error))
                    self._missed = str(error)
                    await asyncio.sleep(LOOK_SECONDS)
                await heard(self._changed, LOOK_SECONDS)
        finally:
            self._loop = None
            await self.release()

    async def drain(self) -> None:
        """Tell the index all that waits, unless another process does."""
        while await self._leased():
            async with self._kept():
                await self._index.mend()
            await self._patience()
            if not await self.drain_once():
                return
        await self._index.look()

    async def rebuild(self) -> Rebuilt:
        """See `Index.rebuild`.

        Raises:
            Underway: somebody is at it, or another process tells the index.
        """
        if not await self._leased():
            raise Underway("another process of this node writes to the index; ask it, or stop it first")
        async with self._kept():
            return await self._index.rebuild()

    async def drain_once(self) -> bool:
        """Tell the index one batch; whether there is more."""
        left = 0
        if batch := await self._database.read(store.due, BATCH):
            refusals = await self._index.tell(batch)
            left = await self._database.write(store.done, batch, refusals)
            self._searchable()
        INDEX_TODO.set(left)
        return left > 0

    async def release(self) -> None:
        """Give the lease back. When the database cannot do it now, it runs out by itself."""
        self._leased_until = 0.0
        with contextlib.suppress(Unavailable):
            await self._database.write(lease.release, LEASE, self._holder)

    async def _leased(self) -> bool:
        """Whether the lease is ours; prolonged in time, and not at every batch."""
        now = self._clock()
        if now < self._leased_until - LEASE_SECONDS / 2:
            return True
        until = now + LEASE_SECONDS
        taken = await self._database.write(lease.take, LEASE, self._holder, now=now, until=until)
        self._leased_until = until if taken else 0.0
        return taken

    @asynccontextmanager
    async def _kept(self) -> AsyncIterator[None]:
        """The lease, prolonged for as long as this takes: making an index anew takes longer than a lease lasts."""

        async def prolong() -> None:
            while True:
                await asyncio.sleep(LEASE_SECONDS / 4)
                with contextlib.suppress(Unavailable):
                    await self._leased()

        keeper = asyncio.create_task(prolong())
        try:
            yield
        finally:
            await cancelled([keeper])

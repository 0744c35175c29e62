"""The eraser: takes bytes out of the store once nobody holds them, and fetched ones when they need too much room."""

import asyncio

import structlog

from services.catalog import holds
from weft.blobs.cache import surplus
from weft.blobs.store import Blob, Blobs, Kept
from weft.clock import utc_now
from weft.database import Database
from weft.exchange.bell import SHOWN, Bell, heard
from weft.problems import Unavailable

log = structlog.get_logger("weft.eraser")

LOOK_SECONDS = 5.0
ADOPTED = 200


class Eraser:
    """`budget`: how many bytes of others may be kept here."""

    def __init__(self, database: Database, blobs: Blobs, bell: Bell, us: str, budget: int) -> None:
        self._database = database
        self._blobs = blobs
        self._bell = bell
        self._us = us
        self.budget = budget
        self._read: dict[Blob, str] = {}
        self._grown = True

    def read(self, blob: Blob) -> None:
        """Bytes of others were read now."""
        self._read[blob] = utc_now()

    def grown(self) -> None:
        """Bytes of others were added."""
        self._grown = True
        self._bell.ring(SHOWN)

    async def run(self) -> None:
        """Look whenever something else is shown than before, and every few seconds, until cancelled."""
        await asyncio.to_thread(self._blobs.staging.clean)
        await self._adopt()
        while True:
            shown = self._bell.listen(SHOWN)
            try:
                await self.look()
            except Unavailable as error:
                log.warning("files are not erased yet", why=str(error))
                await asyncio.sleep(LOOK_SECONDS)
            await heard(shown, LOOK_SECONDS)

    async def look(self) -> None:
        """Erase what is to be erased now."""
        if self._read:
            read, self._read = self._read, {}
            await self._database.write(holds.used, read)
        if self._grown:
            self._grown = False
            await self._make_room()
        while doomed := await self._database.write(holds.doom, self._us, utc_now()):
            for blob in doomed:
                await self._blobs.delete(blob)
                log.debug("erased", origin=blob.origin, sha256=blob.sha256)
            await self._database.write(holds.gone, doomed)

    async def _make_room(self) -> None:
        if await self._database.read(holds.cached_bytes, self._us) > self.budget:
            cached = await self._database.read(holds.cached, self._us)
            leaving = surplus(cached, self.budget, self._blobs.reading)
            await self._database.write(holds.evict, leaving, utc_now())
            self._grown = sum(each.size for each in cached if each.blob not in leaving) > self.budget

    async def _adopt(self) -> None:
        """Find what is in the store and not in the database: a backup of the one may be older than the other's."""
        batch: list[Kept] = []
        async for kept in self._blobs.listed():
            batch.append(kept)
            if len(batch) == ADOPTED:
                await self._database.write(holds.adopt, batch, utc_now())
                batch = []
        await self._database.write(holds.adopt, batch, utc_now())

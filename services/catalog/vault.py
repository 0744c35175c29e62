"""The vault: the bytes of documents' files, ours kept, others' fetched from their owners when they are asked for."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Self

from services.catalog import holds
from services.catalog.eraser import Eraser
from services.catalog.holds import Lease
from services.catalog.owners import Owners
from weft.blobs.fetch import Fetches
from weft.blobs.manifest import Manifest
from weft.blobs.staging import Staged
from weft.blobs.store import Blob, Blobs, Bucket, Kept
from weft.clock import utc_now
from weft.database import Database
from weft.exchange.bell import Bell
from weft.problems import NotFound
from weft.protocol.names import Key
from weft.records.files import File, FileLost
from weft.tasks import running
from weft.wiring import Wiring


class Vault:
    """`budget`: how many bytes of others are kept. `running` erases beside requests, and ends what is being fetched."""

    def __init__(self, us: str, database: Database, bell: Bell, blobs: Blobs, owners: Owners, *, budget: int) -> None:
        self._us = us
        self._database = database
        self._owners = owners
        self._fetches = Fetches(blobs.staging)
        self.blobs = blobs
        self.eraser = Eraser(database, blobs, bell, us, budget)

    @classmethod
    def open(cls, wiring: Wiring, database: Database, bell: Bell) -> Self:
        """The vault of a node."""
        settings = wiring.settings
        there = (settings.blobs_url, settings.blobs_endpoint, settings.blobs_key_id, settings.blobs_secret)
        blobs = Blobs.open(wiring.node, settings.data / "blobs", Bucket(*there) if settings.blobs_url else None)
        owners = Owners(wiring, "catalog")
        return cls(wiring.node, database, bell, blobs, owners, budget=settings.blob_cache_bytes)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        try:
            async with running(eraser=self.eraser.run):
                yield
        finally:
            await self._fetches.close()
            await self._owners.close()

    @asynccontextmanager
    async def kept(self, staged: Staged) -> AsyncIterator[Lease]:
        """Bytes of ours are where they stay, until a document names them here, or does not."""
        lease = await self._keep(self._us, staged)
        try:
            yield lease
        except BaseException:
            await self._database.write(holds.end, lease)
            raise

    async def _keep(self, origin: str, staged: Staged) -> Lease:
        kept = Kept(Blob(origin, staged.manifest.sha256), staged.manifest.size)
        lease = await self._database.write(holds.lease, kept, utc_now())
        await self.blobs.place(origin, staged)
        return lease

    async def read(self, key: Key, file: File, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The bytes of a file from `start` to before `stop`, all of them right.

        Raises:
            FileLost: they are ours and are not here.
            Cut, NotNow, Altered: they are another's and cannot be had now.
        """
        blob, manifest = Blob(key.origin, file.sha256), file.manifest
        try:
            async with aclosing(self.blobs.read(blob, start, stop)) as kept:
                async for data in kept:
                    yield data
                    start += len(data)
            if key.origin != self._us:
                self.eraser.read(blob)
            return
        except NotFound:
            if key.origin == self._us:
                raise FileLost(f"{file.name} of {key} is not in the store") from None
        async with aclosing(self._fetched(key, file, manifest, start, stop)) as fetched:
            async for data in fetched:
                yield data

    def _fetched(self, key: Key, file: File, manifest: Manifest, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        return self._fetches.read(
            Blob(key.origin, file.sha256),
            manifest,
            lambda at: self._owners.source(key, file, at),
            lambda staged: self.cache(key.origin, staged),
            start,
            stop,
        )

    async def cache(self, origin: str, staged: Staged) -> None:
        """Keep bytes of another for the next reader, if there may be room; should no document name them by now, they go."""
        if staged.manifest.size <= self.eraser.budget:
            lease = await self._keep(origin, staged)
            await self._database.write(holds.end, lease)
            self.eraser.grown()

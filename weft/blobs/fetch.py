"""Fetching blobs from where they are: once for all who read, verified part by part, going on after a cut where it broke off.

What is fetched lies in a staged file; readers follow as it grows. Where the bytes come from, and what keeps them, is given.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path

import structlog

from weft.blobs.manifest import PART_BYTES, Altered, Manifest, verified
from weft.blobs.staging import Staged, Staging, write
from weft.blobs.store import Blob
from weft.problems import Problem, Unavailable

log = structlog.get_logger("weft.fetch")

AT_ONCE = 4
ATTEMPTS = 4
"""In a row without a part that came whole; then the readers are told."""
AGAIN_SECONDS = 0.5

Source = Callable[[int], AbstractAsyncContextManager[AsyncIterator[bytes]]]
"""The bytes from one place on. It raises `Cut` when it breaks off, or another problem where asking again is of no use."""
Keep = Callable[[Staged], Awaitable[None]]


class Cut(Unavailable):
    code, title = "owner-unreachable", "The node that owns this file cannot be reached now"
    hint = "The file is not kept here. Try again after the time in Retry-After, or read it at its owner's address."
    headers: Mapping[str, str] = {"Retry-After": "10"}


class Fetches:
    """What is being fetched by this process. `close` ends it."""

    def __init__(self, staging: Staging) -> None:
        self._staging = staging
        self._running: dict[Blob, _Fetch] = {}
        self._free = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    async def read(
        self, blob: Blob, manifest: Manifest, source: Source, keep: Keep, start: int, stop: int
    ) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` to before `stop`. It goes on being fetched when its reader goes away, to be kept.

        Raises:
            Cut: it cannot be had now.
            Altered: what came is not it.
        """
        fetch = self._running.get(blob)
        if fetch is None:
            fetch = self._running[blob] = _Fetch(manifest)
            task = asyncio.create_task(self._fetch(blob, fetch, source, keep))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        async with aclosing(fetch.read(start, stop)) as parts:
            async for data in parts:
                yield data

    async def _fetch(self, blob: Blob, fetch: "_Fetch", source: Source, keep: Keep) -> None:
        ending: Problem = Cut("the fetch was ended")
        try:
            async with self._free, self._staging.file() as path:
                await fetch.run(path, source)
                await keep(Staged(path, fetch.manifest))
        except Problem as problem:
            log.info(
                "a file was not fetched", origin=blob.origin, sha256=blob.sha256, code=problem.code, why=problem.detail
            )
            ending = problem
        finally:
            del self._running[blob]
            await fetch.end(ending)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class _Fetch:
    """One blob on its way. `parts` of it have come and are right; the last counts when the whole is right too."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self._parts = 0
        self._whole = hashlib.sha256()
        self._descriptor = -1
        self._problem: Problem | None = None
        self._news = asyncio.Condition()
        self._readers = 0

    async def run(self, path: Path, source: Source) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        failures = 0
        while self._parts < len(self.manifest.parts):
            before = self._parts
            try:
                async with source(before * PART_BYTES) as stream:
                    async for data in verified(stream, self.manifest, before):
                        await self._take(data)
                if self._parts == before:
                    raise Cut("nothing came")
            except Cut:
                failures = 1 if self._parts > before else failures + 1
                if failures >= ATTEMPTS:
                    raise
                await asyncio.sleep(AGAIN_SECONDS * failures)

    async def _take(self, data: bytes) -> None:
        await asyncio.to_thread(self._write, data)
        if self._parts + 1 == len(self.manifest.parts) and self._whole.hexdigest() != self.manifest.sha256:
            raise Altered(f"the whole is not {self.manifest.sha256}, though each part is what it must be")
        async with self._news:
            self._parts += 1
            self._news.notify_all()

    def _write(self, data: bytes) -> None:
        self._whole.update(data)
        write(self._descriptor, data, self._parts * PART_BYTES)

    async def end(self, problem: Problem) -> None:
        """No more comes: who waits for more is told why."""
        async with self._news:
            self._problem = problem
            self._news.notify_all()
        self._let_go()

    async def read(self, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        self._readers += 1
        try:
            while start < stop:
                part = start // PART_BYTES
                await self._there(part)
                length = min(stop, (part + 1) * PART_BYTES) - start
                yield await asyncio.to_thread(os.pread, self._descriptor, length, start)
                start += length
        finally:
            self._readers -= 1
            self._let_go()

    async def _there(self, part: int) -> None:
        async with self._news:
            await self._news.wait_for(lambda: self._parts > part or self._problem is not None)
        if self._parts <= part and self._problem is not None:
            raise self._problem

    def _let_go(self) -> None:
        """The bytes stay readable for who has begun, wherever the file went; the last one closes it."""
        if self._problem is not None and not self._readers and self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

"""Background work of a process: started together, ended together, and begun again when it fails of a bug."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog

log = structlog.get_logger("weft.tasks")

AGAIN_SECONDS = 1.0
Work = Callable[[], Awaitable[None]]


async def supervised(name: str, work: Work) -> None:
    """Run work that has no end; when it ends all the same, say so and begin again."""
    while True:
        try:
            await work()
            log.error("background work ended", work=name)
        except Exception:
            log.exception("background work failed", work=name)
        await asyncio.sleep(AGAIN_SECONDS)


@asynccontextmanager
async def running(**works: Work) -> AsyncIterator[None]:
    """All of these beside what is inside; cancelled, and waited for, at its end."""
    tasks = [asyncio.create_task(supervised(name, work), name=name) for name, work in works.items()]
    try:
        yield
    finally:
        await cancelled(tasks)


async def cancelled(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel tasks and wait until they have ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

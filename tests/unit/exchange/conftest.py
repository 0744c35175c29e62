"""A holder of feeds behind the real routes, and a follower of it, in one process without sockets."""

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI

from tests.unit.journal.conftest import KEY, KEYS, Origin, Shown
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.exchange import routes
from weft.exchange.bell import Bell
from weft.exchange.follower import Follower
from weft.exchange.following import Following
from weft.exchange.routes import Shelf
from weft.exchange.source import HttpSource
from weft.inbox.settle import Inbox
from weft.journal import seal
from weft.problems import NotFound
from weft.web import errors


class Relay:
    """Somebody on the way who keeps the first answer about commits and gives it ever after."""

    def __init__(self) -> None:
        self.kept: list[dict] = []

    async def __call__(self, app, scope, receive, send) -> None:
        if not scope["path"].endswith("/commits"):
            await app(scope, receive, send)
            return

        async def keep(message) -> None:
            self.kept.append(message)
            await send(message)

        if not self.kept:
            await app(scope, receive, keep)
            return
        for message in list(self.kept):
            await send(message)


class Holder(Origin):
    """An origin whose feeds are served; `since` and `trouble` let a test decide what a reader meets."""

    def __init__(self, folder) -> None:
        self.folder = folder
        super().__init__()
        self.since = 0
        self.hidden = False
        self.down = False
        self.relay: Relay | None = None
        self.bell = Bell()
        app = FastAPI()
        errors.install(app)
        app.include_router(routes.router)
        app.state.node = SimpleNamespace(shelf=Shelf(self.database, KEY, seal.current_bodies, self.bell, self._may))
        self.app = app

    def _may(self, session, caller, feed) -> int:
        if self.hidden:
            raise NotFound("not for you")
        return self.since

    def seal(self) -> list[str]:
        sealed = super().seal()
        for audience in {name.split("/")[2] for name in sealed}:
            self.bell.ring(self.us.feed(audience))
        return sealed

    async def __call__(self, scope, receive, send) -> None:
        if self.down:
            raise httpx.ConnectError("the wire is cut")
        if self.relay is None:
            await self.app(scope, receive, send)
        else:
            await self.relay(self.app, scope, receive, send)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(app=self), base_url="http://holder")


class Copy:
    """A follower with its database, running in the background."""

    def __init__(self, holder: Holder, folder, *, hinted: bool = True, rereads: bool = False) -> None:
        self.shown = Shown()
        self.database = Database(f"sqlite:///{folder / 'copy.db'}")
        upgrade(self.database, KERNEL["log"], KERNEL["inbox"])
        self.follower = Follower(
            Following(
                feed=holder.us.feed("network"),
                source=HttpSource(holder.client()),
                keys=KEYS,
                holder_keys=KEYS,
                database=self.database,
                inbox=Inbox(self.shown, keep_headers=True),
                service="test",
                rereads=rereads,
                poll_seconds=0.05,
                hinted=lambda: hinted,
            )
        )
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.task = asyncio.create_task(self.follower.run())

    async def stop(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        self.database.close()

    async def until(self, holds: Callable[[], bool], seconds: float = 10) -> None:
        """Wait until something holds; fail when it does not within the time."""
        async with asyncio.timeout(seconds):
            while not holds():
                if self.task and self.task.done():
                    self.task.result()
                await asyncio.sleep(0.005)


@pytest.fixture
def holder(tmp_path) -> Holder:
    made = Holder(tmp_path)
    made.admit("ece")
    return made


@pytest.fixture
async def copy(holder, tmp_path) -> AsyncIterator[Copy]:
    made = Copy(holder, tmp_path)
    yield made
    await made.stop()

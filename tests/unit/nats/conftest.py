"""A real nats-server in a temporary folder, a bus on it, and peers that its node has approved."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from weft.nats.bus import Bus
from weft.nats.configuration import Settings
from weft.nats.keys import USER, Credentials, Key
from weft.nats.reader import PeerReader
from weft.nats.server import NatsServer
from weft.nats.trust import Trust


@dataclass
class Origin:
    """A node as far as NATS is concerned."""

    server: NatsServer
    bus: Bus
    stack: AsyncExitStack

    async def until(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        """Wait for a condition, and fail when it does not come true in time."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - what is waited for is in another process
                await asyncio.sleep(0.01)

    def approve(self, peer: str) -> Credentials:
        key = Key.create(USER)
        return Credentials(self.server.trust.peer_jwt(key.public, peer), key)

    def reader(self, peer: str, credentials: Credentials) -> PeerReader:
        reader = PeerReader(self.server.url, peer, credentials)
        self.stack.push_async_callback(reader.close)
        return reader

    async def feed(self, name: str = "NETWORK", *readers: str) -> str:
        """A stream and its readers; returns the stream's subject."""
        subject = f"feed.{name.lower()}"
        await self.bus.ensure_stream(name, subject, max_age=3600, max_bytes=16 << 20)
        for peer in readers:
            await self.bus.ensure_reader(name, peer, from_now=False)
        return subject


@pytest.fixture
async def origin(tmp_path: Path) -> AsyncIterator[Origin]:
    async with AsyncExitStack() as stack:
        server = NatsServer(tmp_path / "nats", Trust.create(tmp_path / "trust"), Settings(name="eclac"))
        await server.start()
        stack.push_async_callback(server.stop)
        bus = Bus(server.url, server.trust.service_credentials(), name="eclac")
        stack.push_async_callback(bus.close)
        await bus.start()
        yield Origin(server, bus, stack)

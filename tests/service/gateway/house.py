"""A node around its gateway: real keys and settings, a small real service in every service's place, real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
import uvicorn

from gateway.app import create
from tests.service.gateway.stand import NODE, Stand
from weft.exchange.session import Tokens
from weft.keys import NodeKeys
from weft.nats.bus import Bus
from weft.passport import Passports
from weft.settings import Settings
from weft.web.connection import Connection
from weft.wiring import SERVICES, Wiring

Where = Literal["here", "there"]


@dataclass
class House:
    """A node whose gateway listens; `at` is a client of it."""

    wiring: Wiring
    stands: dict[str, Stand]
    at: httpx.AsyncClient
    gateway: Any
    port: int
    tokens: Tokens
    servers: dict[str, uvicorn.Server]
    server: uvicorn.Server

    async def alone(self, server: uvicorn.Server, connections: int) -> None:
        """Wait until a server has no more than so many connections."""
        async with asyncio.timeout(5):
            while len(server.server_state.connections) > connections:  # noqa: ASYNC110 - it has no event for it
                await asyncio.sleep(0.005)

    @property
    def catalog(self) -> Stand:
        return self.stands["catalog"]

    @property
    def operator(self) -> dict[str, str]:
        return {"Authorization": f"Weft {self.tokens.operator()}"}

    async def key(self, role: str, **more: str) -> tuple[str, dict[str, str]]:
        """A new key's id, and the header that carries it."""
        made = await self.at.post(
            "/api/v1/keys", json={"name": f"an {role}", "role": role, **more}, headers=self.operator
        )
        assert made.status_code == 201, made.text
        return made.json()["id"], {"Authorization": f"Bearer {made.json()['secret']}"}


def wiring_of(folder: Path, keys: NodeKeys, **given: Any) -> Wiring:
    settings = Settings(node=NODE, title="ECLAC, Santiago", data=folder, **given)
    bus = Bus("nats://127.0.0.1:1", keys.trust.service_credentials(), name="test")
    return Wiring(settings=settings, keys=keys, passports=Passports(keys.internal), bus=bus, broker_url="")


@asynccontextmanager
async def listening(app: Any, servers: list[uvicorn.Server]) -> AsyncIterator[int]:
    """An application behind a real server on a free port. All of `servers` are told together to end."""
    given: Any = {"log_config": None, "access_log": False, "timeout_graceful_shutdown": 1, "ws": "none"}
    server = uvicorn.Server(uvicorn.Config(app, http=Connection, backlog=4096, **given))
    servers.append(server)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        running = asyncio.create_task(server.serve([listener]))
        async with asyncio.timeout(10):
            while not server.started:  # noqa: ASYNC110 - the server has no event for it
                await asyncio.sleep(0.005)
        try:
            yield listener.getsockname()[1]
        finally:
            for each in servers:
                each.should_exit = True
            await running


@asynccontextmanager
async def house(folder: Path, keys: NodeKeys, where: Where, **given: Any) -> AsyncIterator[House]:
    """A node with its services in the gateway's process, or each behind a server of its own."""
    async with AsyncExitStack() as stack:
        stands = {name: Stand(name, Passports(keys.internal)) for name in SERVICES}
        servers: list[uvicorn.Server] = []
        if where == "there":
            for name, stand in stands.items():
                port = await stack.enter_async_context(listening(stand.app, servers))
                given[f"{name}_url"] = f"http://127.0.0.1:{port}"
        wiring = wiring_of(folder, keys, **given)
        if where == "here":
            wiring.apps.update({name: stand.app for name, stand in stands.items()})
        gateway = create(wiring)
        port = await stack.enter_async_context(listening(gateway, servers))
        at = await stack.enter_async_context(httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10))
        tokens = Tokens(keys.internal, keys.identity.public)
        yield House(wiring, stands, at, gateway, port, tokens, dict(zip(stands, servers, strict=False)), servers[-1])
        for stand in stands.values():
            stand.go_on.set()

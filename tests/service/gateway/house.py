"""A node around its gateway: real keys and settings, a small real service in every service's place, real sockets."""

import asyncio
import hashlib
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import uvicorn
from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from gateway.app import create
from weft.exchange.session import Tokens
from weft.identity import Role, caller_of, require
from weft.keys import NodeKeys
from weft.nats.bus import Bus
from weft.passport import Passports
from weft.settings import Settings
from weft.web.app import application
from weft.wiring import SERVICES, Wiring

NODE = "eclac"
Where = Literal["here", "there"]


class Record(BaseModel):
    """What differs from service to service under one name, in its description."""

    key: str


class Stand:
    """A service as the gateway meets it: it answers with what it was sent, streams both ways, and is slow when asked."""

    def __init__(self, name: str, passports: Passports) -> None:
        self.name = name
        self.paths: list[str] = []
        self.uploads: list[bytes] = []
        self.arrived = asyncio.Event()
        self.go_on = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.saved = asyncio.Event()
        self.broken_uploads = 0
        self.waiting: dict[str, str] = {}
        self.network: dict[str, Any] = {"items": [], "total": 0, "seen_at": "2026-03-01T10:42:07.000Z"}
        self.results: dict[str, Any] = {"items": [], "total": 0, "next": None}
        self.asked: list[dict[str, str]] = []
        routers = [self._documents(), self._others()]
        self.app = application(
            service=name,
            title=name,
            node=self,
            routers=routers,
            passports=passports,
            running=nothing_beside,
            ready=lambda: self.waiting,
            large={"/bulk": 10**9},
        )

    def _documents(self) -> APIRouter:
        router = APIRouter(prefix="/api/v1/documents", tags=["documents"])

        @router.get("/{origin}/{id}", summary="What was sent")
        async def echo(request: Request, origin: str, id: Annotated[str, InPath(examples=["a-brief"])]) -> Record:
            self.paths.append(request.url.path)
            headers = {"X-Seen": request.headers.get("x-seen", ""), "ETag": '"1"', "Weft-Test": caller_of(request).role}
            if request.headers.get("if-none-match") == '"1"':
                return Response(status_code=304, headers=headers)  # type: ignore[return-value]  # as FastAPI takes it
            caller = caller_of(request)
            told = {
                "key": f"{origin}/document/{id}",
                "method": request.method,
                "raw": request.scope["raw_path"].decode(),
                "query": request.scope["query_string"].decode(),
                "headers": [[name.decode(), value.decode("latin-1")] for name, value in request.scope["headers"]],
                "caller": [caller.name, caller.role, caller.identity],
            }
            return Response(json.dumps(told), media_type="application/json", headers=headers)  # type: ignore[return-value]

        @router.put("/{origin}/{id}")
        async def put(request: Request, origin: str, id: str) -> Record:
            require(request, Role.EDITOR)
            body = await request.body()
            return Record(key=hashlib.sha256(body).hexdigest())

        @router.post("/bulk")
        async def bulk(request: Request) -> Record:
            require(request, Role.EDITOR)
            try:
                async for chunk in request.stream():
                    self.uploads.append(chunk)
                    self.arrived.set()
            except Exception:
                self.broken_uploads += 1
                self.cancelled.set()
                raise
            return Record(key=str(sum(map(len, self.uploads))))

        @router.post("/saving")
        async def saving(request: Request) -> Record:
            await request.body()
            self.arrived.set()
            await self.go_on.wait()
            self.saved.set()
            return Record(key="saved")

        @router.get("/stream")
        async def stream() -> StreamingResponse:
            async def parts() -> AsyncIterator[bytes]:
                try:
                    yield b"first"
                    await self.go_on.wait()
                    yield b"second"
                finally:
                    self.cancelled.set()

            return StreamingResponse(parts(), media_type="application/octet-stream")

        @router.get("/broken")
        async def broken() -> StreamingResponse:
            async def parts() -> AsyncIterator[bytes]:
                yield b"first"
                raise RuntimeError("a bug in the middle of an answer")

            return StreamingResponse(parts())

        @router.get("/bug")
        async def bug() -> Record:
            raise RuntimeError("a bug before an answer")

        @router.get("/slow")
        async def slow() -> Record:
            self.arrived.set()
            try:
                await self.go_on.wait()
            finally:
                self.cancelled.set()
            return Record(key="slow")

        return router

    def _others(self) -> APIRouter:
        router = APIRouter()

        @router.get("/internal/secret", include_in_schema=False)
        async def secret(request: Request) -> str:
            self.paths.append(request.url.path)
            return "secret"

        @router.get("/feeds/{origin}/{service}/{audience}/head", include_in_schema=False)
        async def head(request: Request, origin: str, service: str, audience: str) -> list[str]:
            return [self.name, origin, service, audience, *caller_of(request)]

        @router.get("/api/v1/network")
        async def network() -> dict[str, Any]:
            return self.network

        @router.get("/api/v1/search")
        async def search(request: Request, q: str = "", limit: int = 10, after: Annotated[str, Query()] = "") -> Any:
            self.asked.append(dict(request.query_params))
            return self.results

        return router


@asynccontextmanager
async def nothing_beside() -> AsyncIterator[None]:
    yield


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
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1))
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

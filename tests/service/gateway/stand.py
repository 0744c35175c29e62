"""A service as the gateway meets it: a small real one, in every service's place."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi import Path as InPath
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from weft.identity import Role, caller_of, require
from weft.passport import Passports
from weft.web.app import application

NODE = "eclac"


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
        self.changes: list[dict[str, Any]] = []
        self.generation = "a"
        self.changed = asyncio.Event()
        self.kinds: list[str] = []
        self.lists: dict[str, Any] = {}
        self.holding = False
        self.told: list[tuple[str, dict[str, str]]] = []
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

    def change(self, *ids: str, kind: str = "document", **more: Any) -> None:
        """Something has changed here."""
        for id_ in ids:
            told = {
                "op": "put",
                "origin": NODE,
                "kind": kind,
                "id": id_,
                "key": f"{NODE}/{kind}/{id_}",
                "version": "1.a.1",
            }
            self.changes.append(told | {"changed_at": "2026-03-01T10:42:07.000Z"} | more)
        self.changed.set()

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

        @router.get("/api/v1/changes", include_in_schema=False)
        async def changes(request: Request, since: str = "", limit: int = 100, wait: int = 0) -> Any:
            """As a service that keeps records answers; a cursor is its generation and a place in the list."""
            self.told.append((caller_of(request).role, dict(request.query_params)))
            self.kinds = request.query_params.getlist("kinds")
            generation, _, place = since.partition(".")
            if since and generation != self.generation:
                return Response(status_code=410)
            at = int(place or 0)
            if wait and len(self.changes) <= at:
                self.changed.clear()
                async with asyncio.timeout(wait):
                    await self.changed.wait()
            items = self.changes[at : at + limit]
            at += len(items)
            return {"items": items, "next": f"{self.generation}.{at}", "more": at < len(self.changes)}

        @router.get("/api/v1/countries/{area}/indicators", include_in_schema=False)
        async def of_country(area: str) -> Any:
            return {"area": area, "series": self.name}

        @router.get("/api/v1/search")
        async def search(request: Request, q: str = "", limit: int = 10, after: Annotated[str, Query()] = "") -> Any:
            self.asked.append(dict(request.query_params))
            return self.results

        @router.get("/api/v1/{plural}", include_in_schema=False)
        async def listed(request: Request, plural: str) -> Any:
            self.asked.append(dict(request.query_params))
            if self.holding:
                await self.go_on.wait()
            return self.lists.get(plural, {"items": [], "total": 0, "next": None})

        return router


@asynccontextmanager
async def nothing_beside() -> AsyncIterator[None]:
    yield

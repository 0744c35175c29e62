"""Assembling a service's FastAPI application from its routes."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from weft import __version__
from weft.passport import Passports
from weft.problems import Unavailable
from weft.web import errors
from weft.web.edge import Edge
from weft.web.metrics import exposition

Ready = Callable[[], "dict[str, str]"]
"""What keeps a service from doing its work, by part; empty when it is ready."""


def application(
    *,
    service: str,
    title: str,
    node: Any,
    routers: Sequence[APIRouter],
    passports: Passports,
    running: Callable[[], AbstractAsyncContextManager[None]],
    ready: Ready,
    large: Mapping[str, int] | None = None,
) -> FastAPI:
    """An application with its routes at `app.state.node`'s service, and what every service has.

    `running` starts and stops what works beside requests.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with running():
            yield

    app = FastAPI(
        title=title,
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        redirect_slashes=False,
    )
    app.state.node = node
    errors.install(app)
    for router in routers:
        app.include_router(router)
    app.include_router(_usual(service, ready))
    app.add_middleware(Edge, service=service, passports=passports, large=large or {})
    return app


def _usual(service: str, ready: Ready) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        waiting = ready()
        if waiting:
            raise Unavailable(f"{service} is not ready", waiting=waiting)
        return {"status": "ready"}

    @router.get("/version")
    async def version() -> dict[str, str]:
        return {"service": service, "version": __version__}

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return router

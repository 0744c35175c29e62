"""The peer of the gateway's benchmark: the simplest streaming proxy that Starlette and httpx make. It checks nothing."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding"}


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM"]) as client:
        app.state.client = client
        yield


async def passed_on(request: Request) -> StreamingResponse:
    """The upstream's answer, as it comes."""
    client: httpx.AsyncClient = request.app.state.client
    asked = client.build_request(request.method, request.url.path, headers=request.headers.raw)
    answer = await client.send(asked, stream=True)
    headers = {name: value for name, value in answer.headers.items() if name not in HOP_BY_HOP}
    return StreamingResponse(answer.aiter_raw(), answer.status_code, headers, background=BackgroundTask(answer.aclose))


app = Starlette(routes=[Route("/{path:path}", passed_on)], lifespan=_lifespan)

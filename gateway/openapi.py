"""The API's description at /openapi.json: gathered from the services, kept for a minute, answered with an ETag."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from fastapi import APIRouter, Request, Response

from gateway.gate import Gate
from gateway.merge import Tree, merged
from gateway.tagged import tag_of, tagged
from weft import __version__
from weft.identity import ANONYMOUS
from weft.problems import Problem, Unavailable
from weft.wiring import SERVICES

FRESH_SECONDS = 60.0
ASK_SECONDS = 5.0

router = APIRouter(include_in_schema=False)


class Described(NamedTuple):
    tree: Tree
    data: bytes
    tag: str


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    described = await description_of(request).read()
    return tagged(request, described.data, described.tag, {"Cache-Control": "no-cache"})


class Description:
    """The whole description. It is only given whole: with a service down there is the last one, or none."""

    def __init__(self, gate: Gate, own: Callable[[], Tree]) -> None:
        self._gate = gate
        self._own = own
        self._kept: Described | None = None
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def read(self) -> Described:
        """The description, at most a minute old.

        Raises:
            Unavailable: a service is down and there is no earlier one.
        """
        async with self._asking:
            if self._kept is None or time.monotonic() >= self._until:
                try:
                    self._kept = await self._gathered()
                except Problem:
                    if self._kept is None:
                        raise
                self._until = time.monotonic() + FRESH_SECONDS
            return self._kept

    async def _gathered(self) -> Described:
        documents = dict(zip(SERVICES, await asyncio.gather(*map(self._document, SERVICES)), strict=True))
        wiring = self._gate.wiring
        tree = merged(
            {**documents, "gateway": self._own()},
            title=f"Weft at {self._gate.title}",
            version=__version__,
            url=wiring.settings.public_url,
            node=wiring.node,
        )
        data = msgspec.json.encode(tree)
        return Described(tree, data, tag_of(data))

    async def _document(self, service: str) -> Tree:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                reply = await self._gate.upstreams.ask(service, "/openapi.json", ANONYMOUS)
        except TimeoutError:
            raise Unavailable(f"{service} does not describe itself in {ASK_SECONDS:.0f} seconds") from None
        if reply.status != 200:
            raise Unavailable(f"{service} does not describe itself: it answered {reply.status}")
        try:
            return msgspec.json.decode(reply.body, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise Unavailable(f"{service} does not describe itself: {error}") from None


def description_of(request: Request) -> Description:
    description: Description = request.app.state.description
    return description

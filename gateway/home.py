"""What the home page tells: how much of each kind there is, the newest documents, how the network is. As anybody sees it."""

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from gateway.gate import Gate
from gateway.network import read_network
from gateway.results import Hit
from gateway.routing import KINDS
from weft.identity import ANONYMOUS
from weft.problems import Problem

FRESH_SECONDS = 10.0
ASK_SECONDS = 3.0
NEWEST = 6


class Count(NamedTuple):
    """How many records of a kind anybody may see; unknown is not zero."""

    name: str
    href: str
    total: int | None


class Home(NamedTuple):
    """`network`: how it is, in a sentence; empty where that is not known. So `newest`, which is then `None`."""

    counts: Sequence[Count]
    newest: Sequence[Hit] | None
    network: str


class _Page(msgspec.Struct):
    items: list[Hit]
    total: int


class _Total(msgspec.Struct):
    total: int


class Front:
    """The services are asked every few seconds at most, however many look."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._until = 0.0
        self._kept = Home((), (), "")
        self._asking = asyncio.Lock()

    async def read(self) -> Home:
        async with self._asking:
            if time.monotonic() >= self._until:
                counts, newest, network = await asyncio.gather(self._counts(), self._newest(), self._network())
                self._kept = Home(counts, newest, network)
                self._until = time.monotonic() + FRESH_SECONDS
            return self._kept

    async def _counts(self) -> list[Count]:
        return list(await asyncio.gather(*(self._count(kind.plural, kind.service) for kind in KINDS)))

    async def _count(self, plural: str, service: str) -> Count:
        body = await self._asked(service, f"/api/v1/{plural}", "1")
        try:
            total = msgspec.json.decode(body, type=_Total).total
        except msgspec.DecodeError:
            total = None
        return Count(plural, f"/api/v1/{plural}", total)

    async def _newest(self) -> list[Hit] | None:
        try:
            return msgspec.json.decode(await self._asked("catalog", "/api/v1/documents", str(NEWEST)), type=_Page).items
        except msgspec.DecodeError:
            return None

    async def _network(self) -> str:
        body = await self._asked("sync", "/api/v1/network")
        try:
            return read_network(200, body).summary
        except Problem:
            return ""

    async def _asked(self, service: str, path: str, limit: str = "") -> bytes:
        """What a service answers; nothing where it does not in time."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                query = [("limit", limit)] if limit else []
                reply = await self._gate.upstreams.ask(service, path, ANONYMOUS, query)
        except (Problem, TimeoutError):
            return b""
        return reply.body if reply.status == 200 else b""

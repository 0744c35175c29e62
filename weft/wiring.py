"""Wiring: how a service reaches the others of its node, in the same process or over HTTP. Made once at the top."""

import asyncio
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from weft.identity import Caller, Role
from weft.keys import NodeKeys
from weft.nats.bus import Bus
from weft.passport import Passports
from weft.protocol.names import Feed
from weft.settings import Settings
from weft.tls import trusted

HINTS = "hint.>"
BACKLOG = 2_000
"""So many changes behind, what may come later waits, up to this many seconds at a time."""
PATIENCE_SECONDS = 30.0


def hint_of(feed: Feed) -> str:
    """The subject inside a node on which it is said that a feed has something new."""
    return f"hint.{feed.origin}.{feed.service}.{feed.audience}"


SERVICES = ("catalog", "indicators", "search", "sync")


@dataclass(frozen=True)
class Wiring:
    """`apps` holds the services that run in this process; one that is not there is called at its URL in the settings."""

    settings: Settings
    keys: NodeKeys
    passports: Passports
    bus: Bus
    broker_url: str
    """Where peers reach this node's NATS server; empty when they cannot, and pull over HTTPS."""
    broker_certificate: str = ""
    """What it shows to peers, in PEM; its key stands in the descriptor."""
    apps: dict[str, ASGIApp] = field(default_factory=dict)
    stopping: list[Callable[[], None]] = field(default_factory=list)
    """What is to be told at once when the process is asked to end, before requests under way are waited for."""

    listeners: list[Callable[[Feed], None]] = field(default_factory=list)
    """Who in this process wants to hear that a feed has something new."""

    backlogs: list[Callable[[], int]] = field(default_factory=list)
    """How many changes each part of this process knows of and has yet to take over."""

    async def patience(self) -> None:
        """Let what makes records readable go first while there is much of it: for work that may come a little later."""
        until = time.monotonic() + PATIENCE_SECONDS
        while sum(count() for count in self.backlogs) > BACKLOG and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # no event tells it: it is spread over many followers

    @property
    def whole(self) -> bool:
        """Whether all services of the node run in this process."""
        return not any(self.settings.service_url(service) for service in SERVICES)

    def hint(self, feed: Feed) -> None:
        """Say inside the node that a feed has something new: in this process at once, to others by the node's broker."""
        for listener in self.listeners:
            listener(feed)
        if not self.whole:
            self.bus.ring(hint_of(feed), str(feed).encode())

    @property
    def node(self) -> str:
        return self.settings.node

    def client(self, service: str, as_: str) -> httpx.AsyncClient:
        """A client for one service of this node, calling as the service `as_`."""
        url = self.settings.service_url(service)
        caller = Caller(as_, Role.SERVICE)
        if url:
            return httpx.AsyncClient(base_url=url, auth=_AsService(self.passports, caller), verify=trusted())
        transport = httpx.ASGITransport(app=_Later(self.apps, service))
        return httpx.AsyncClient(
            base_url=f"http://{service}", transport=transport, auth=_AsService(self.passports, caller)
        )


class _AsService(httpx.Auth):
    def __init__(self, passports: Passports, caller: Caller) -> None:
        self._passports = passports
        self._caller = caller

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Weft-Caller"] = self._passports.issue(self._caller)
        yield request


class _Later:
    """A service that may be assembled after those that call it."""

    def __init__(self, apps: Mapping[str, ASGIApp], service: str) -> None:
        self._apps = apps
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._apps[self._service](scope, receive, send)

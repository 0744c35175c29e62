"""Upstreams: the services behind the door, in this process or at an address. One interface, the same for both."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import NamedTuple, Protocol
from urllib.parse import urlencode

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.headers import Headers, inward
from gateway.problems import Down
from weft.identity import Caller
from weft.problems import Problem, Unavailable
from weft.wiring import SERVICES, Wiring

REPLY_BYTES = 8 * 1024 * 1024
LARGE_AT_ONCE = 8


Query = Sequence[tuple[str, str]]


class TooMuch(Unavailable):
    """A service said more than the gateway gathers of an answer that it asked for itself."""


class Upstream(Protocol):
    """A service: an ASGI application that may be elsewhere. Bodies stream both ways.

    Raises:
        Down: it cannot be reached, before anything of an answer was sent.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


class InProcess:
    """A service of this process, called directly: no copy, no socket."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class Upstreams:
    """All services of this node. They may be assembled after the gateway."""

    def __init__(self, wiring: Wiring) -> None:
        self._wiring = wiring
        self._remote: dict[str, Upstream] = {}
        self._running = False
        self.large = asyncio.Semaphore(LARGE_AT_ONCE)
        """For whoever gathers answers that may be as large as they can be: so many at a time."""

    def __getitem__(self, service: str) -> Upstream:
        if service in self._wiring.apps:
            return InProcess(self._wiring.apps[service])
        if service in self._remote:
            return self._remote[service]
        raise Down(service, "it is starting" if not self._running else "it is not part of this node")

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Hold connections to the services that are elsewhere."""
        async with AsyncExitStack() as stack:
            if not self._wiring.whole:
                await self._connect(stack)
            self._running = True
            try:
                yield
            finally:
                self._running = False
                self._remote.clear()

    async def _connect(self, stack: AsyncExitStack) -> None:
        # Not loaded where all services are in this process: it would be a tenth of what the gateway takes there.
        from gateway.remote import Remote, session

        connections = await stack.enter_async_context(session())
        for service in SERVICES:
            if url := self._wiring.settings.service_url(service):
                self._remote[service] = Remote(service, url, connections)

    async def ask(self, service: str, path: str, caller: Caller, query: Query = ()) -> "Reply":
        """What a service answers to a small GET of the gateway's own."""
        answer = _Gathered()
        passport = self._wiring.passports.issue(caller)
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": urlencode(query).encode(),
            "root_path": "",
            "headers": inward([(b"host", service.encode()), (b"accept", b"application/json")], passport, b"gateway"),
            "client": None,
            "server": None,
        }
        try:
            await self[service](scope, _nothing, answer)
        except Exception:
            if (
                answer.status != Problem.status
            ):  # a service that answered with 500 raises its bug again, for a server to log
                raise
        if answer.over:
            raise TooMuch(f"{service} said more than {REPLY_BYTES} bytes")
        return Reply(answer.status, bytes(answer.body))


class Reply(NamedTuple):
    status: int
    body: bytes


def said(body: bytes) -> str:
    """The detail of a problem document."""
    try:
        tree = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    return str(tree.get("detail", ""))[:500] if isinstance(tree, dict) else ""


class _Gathered:
    """Drops what is too much: raised in the middle of a service's answer, a problem would look like the service's own."""

    def __init__(self) -> None:
        self.status = 0
        self.over = False
        self.body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.over = self.over or len(self.body) + len(message.get("body", b"")) > REPLY_BYTES
        if not self.over:
            self.body += message.get("body", b"")


async def _nothing() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


def passed_on(scope: Scope, *, method: str, path: str, raw_path: bytes, headers: Headers) -> Scope:
    """The scope that a service sees: what it may know of the request, under the path that was authorised."""
    kept = ("type", "asgi", "http_version", "scheme", "query_string", "client", "server", "extensions")
    return {
        **{name: scope[name] for name in kept if name in scope},
        "method": method,
        "path": path,
        "raw_path": raw_path,
        "root_path": "",
        "headers": headers,
    }

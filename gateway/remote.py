"""A service at an address: a proxy that streams both ways and says which service is down.

It is aiohttp's client and not httpx: that one leaks a connection with each request that is cancelled, and a gateway
cancels whenever a caller goes away.
"""

from collections.abc import AsyncIterator
from urllib.parse import quote

import aiohttp
from multidict import CIMultiDict
from starlette.types import Receive, Scope, Send
from yarl import URL

from gateway.headers import HOP_BY_HOP, Headers, values
from gateway.problems import BrokenOff, Down
from weft.problems import Problem

CONNECTIONS = 200
CONNECT_SECONDS = 3.0
SILENT_SECONDS = 600.0
"""Longer than a long poll, an import, or the making of a new index, which answers when it is done."""
IDLE_SECONDS = 3.0
"""Shorter than uvicorn's five, so that a request is not sent into a connection that is just being closed."""
_OF_ITS_SERVER = HOP_BY_HOP | {b"date", b"server"}
_AS_SENT = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class _CallerLeft(Exception):
    """The body broke off, so that the service must not take it for whole."""


def session() -> aiohttp.ClientSession:
    """Connections to all services, bounded in number and in time, which change nothing on the way."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS),
        timeout=aiohttp.ClientTimeout(
            total=None, connect=2 * CONNECT_SECONDS, sock_connect=CONNECT_SECONDS, sock_read=SILENT_SECONDS
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_AS_SENT,
    )


class Remote:
    """See `gateway.upstream.Upstream`."""

    def __init__(self, service: str, url: str, connections: aiohttp.ClientSession) -> None:
        self._service = service
        self._url = url.rstrip("/")
        self._connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._connections.request(
            scope["method"],
            self._address(scope),
            headers=_sent(scope["headers"]),
            data=_body(receive) if _has_body(scope["headers"]) else None,
            allow_redirects=False,
        )
        try:
            response = await asked
        except (aiohttp.ClientError, TimeoutError) as error:
            if isinstance(error.__cause__, _CallerLeft):
                return
            if isinstance(error.__cause__, Problem):
                raise error.__cause__ from None
            raise Down(self._service, type(error).__name__) from error
        async with response:
            await send({"type": "http.response.start", "status": response.status, "headers": _answered(response)})
            try:
                async for chunk in response.content.iter_any():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except (aiohttp.ClientError, TimeoutError) as error:
                raise BrokenOff(f"{self._service} broke off its answer: {type(error).__name__}") from error
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _address(self, scope: Scope) -> URL:
        query = quote(scope["query_string"], safe=_PRINTABLE)
        address = f"{self._url}{scope['raw_path'].decode('ascii')}"
        return URL(f"{address}?{query}" if query else address, encoded=True)


def _has_body(headers: Headers) -> bool:
    length = values(headers, b"content-length")
    return bool(values(headers, b"transfer-encoding")) or (bool(length) and length != [b"0"])


def _sent(headers: Headers) -> "CIMultiDict[str]":
    """The headers as they came, but for those of the connection, which is another one."""
    return CIMultiDict(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in headers
        if name not in HOP_BY_HOP and name != b"host"
    )


def _answered(response: aiohttp.ClientResponse) -> Headers:
    return [(lower, value) for name, value in response.raw_headers if (lower := name.lower()) not in _OF_ITS_SERVER]


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _CallerLeft
        if message["body"]:
            yield message["body"]
        if not message.get("more_body", False):
            return

"""The outermost layer of a service's application: who calls, which request this is, how large it may be, how long it took.

Plain ASGI, since it is on the path of every request and must not buffer a stream.
"""

import re
import time
import uuid
from collections.abc import Mapping

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weft.passport import HEADER, Passports
from weft.problems import Problem, TooLarge
from weft.web.errors import respond
from weft.web.metrics import REQUEST_SECONDS, REQUESTS

log = structlog.get_logger("weft.request")
BODY_BYTES = 1024 * 1024


class Edge:
    """`large`: path suffixes whose bodies are streamed and bounded by their own routes, with their limits in bytes; a `*`
    stands for one segment."""

    def __init__(self, app: ASGIApp, *, service: str, passports: Passports, large: Mapping[str, int]) -> None:
        self._app = app
        self._service = service
        self._passports = passports
        self._large = [
            (re.compile(re.escape(suffix).replace(r"\*", "[^/]+") + r"\Z"), limit) for suffix, limit in large.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        scope["weft.request_id"] = headers.get(b"x-request-id", b"").decode("latin-1")[:64] or uuid.uuid4().hex
        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", scope["weft.request_id"].encode("latin-1")),
                ]
                REQUEST_SECONDS.labels(self._service, _route(scope)).observe(time.perf_counter() - started)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=scope["weft.request_id"], service=self._service):
            try:
                if HEADER in headers:
                    scope["weft.caller"] = self._passports.check(headers[HEADER].decode("latin-1"))
                await self._app(scope, _Bounded(receive, self._limit(scope["path"]), headers), answer)
            except Problem as problem:
                await respond(problem, scope["weft.request_id"])(scope, receive, answer)
            finally:
                REQUESTS.labels(self._service, _route(scope), str(status)).inc()
                milliseconds = round(1000 * (time.perf_counter() - started), 1)
                log.debug("request", method=scope["method"], path=scope["path"], status=status, ms=milliseconds)

    def _limit(self, path: str) -> int:
        return next((limit for suffix, limit in self._large if suffix.search(path)), BODY_BYTES)


def _route(scope: Scope) -> str:
    """The route's template, so that a label has few values whatever is asked."""
    return str(getattr(scope.get("route"), "path", "none"))


class _Bounded:
    """`receive` that stops at a size, declared or real."""

    def __init__(self, receive: Receive, limit: int, headers: Mapping[bytes, bytes]) -> None:
        self._receive = receive
        self._limit = limit
        self._taken = 0
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > limit:
            raise TooLarge(f"{int(declared)} bytes are over {limit}")

    async def __call__(self) -> Message:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        if self._taken > self._limit:
            raise TooLarge(f"the body is over {self._limit} bytes")
        return message

"""An answer of a known length whose bytes come one after the other, and what its headers say of saving it."""

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Self
from urllib.parse import quote

import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from weft.problems import Problem

log = structlog.get_logger("weft.stream")
Stream = AsyncGenerator[bytes, None]


class StreamedAnswer(Response):
    """What goes wrong before the first byte is a problem as any other; an answer that breaks off later is left without its
    end, so that nobody takes it for whole."""

    def __init__(self, first: bytes, rest: Stream | None, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status_code=status)
        self.raw_headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        self._first = first
        self._rest = rest

    @classmethod
    async def begun(cls, stream: Stream | None, status: int, headers: Mapping[str, str]) -> Self:
        """The answer, once its first bytes are there. Without a stream it is the head alone."""
        return cls(await anext(stream) if stream else b"", stream, status, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        if self._rest is not None:
            async with aclosing(self._rest) as rest:
                await send({"type": "http.response.body", "body": self._first, "more_body": True})
                try:
                    async for data in rest:
                        await send({"type": "http.response.body", "body": data, "more_body": True})
                except Problem as problem:
                    log.warning("an answer was broken off", path=scope["path"], code=problem.code, why=problem.detail)
                    return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def disposition(name: str) -> str:
    """To be saved under this name, never to be shown (RFC 6266): in plain letters too, for who reads no others."""
    plain = re.sub(r'[^ -~]|[%"\\]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"

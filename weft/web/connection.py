"""A connection of the HTTP server that nobody can hold open for nothing, nor fill with a head that has no end.

uvicorn's own bounds neither the time nor the size of a head with its faster parser, and takes trailers for headers.
"""

import resource
from asyncio import Transport
from asyncio.events import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_SECONDS = 20.0
"""For the whole head, from the connection's first moment or the head's first byte."""
HEAD_BYTES = 64 * 1024
RESERVED_FILES = 512
"""Files of the process that are not for callers: databases, services, peers, the index."""
FRAMING = 16
"""So many bytes may frame each byte of a body in chunks, beside what a head may have."""


def room() -> int:
    """How many connections fit into the files that this process may open."""
    return max(64, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - RESERVED_FILES)


class Connection(HttpToolsProtocol):
    """Beyond the room that there is, one that asks nothing makes place for each that comes."""

    most = room()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._heading = True
        self._fed = 0
        self._carried = 0
        self._lateness: TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return self.cycle is None or self.cycle.response_complete

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._wait_for_head()
        if len(self.connections) > self.most:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        heading, self._fed = self._heading, self._fed + len(data)
        super().data_received(data)
        if self._heading != heading or self.transport.is_closing():
            return
        if self._fed - FRAMING * self._carried > HEAD_BYTES:
            self._end(431)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._lateness is None:
            self._wait_for_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._heading:  # a trailer is no header: it must not say who is calling once that has been looked at
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._head_is_here()
        self._heading, self._fed, self._carried = False, 0, 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._carried += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._heading, self._fed, self._carried = True, 0, 0
        super().on_message_complete()

    def _wait_for_head(self) -> None:
        self._lateness = self.loop.call_later(HEAD_SECONDS, self._end, 408)

    def _head_is_here(self) -> None:
        if self._lateness is not None:
            self._lateness.cancel()
            self._lateness = None

    def _end(self, status: int) -> None:
        """Close, saying why where that is not in the middle of another answer."""
        if self.idle and not self.transport.is_closing():
            self.transport.write(STATUS_LINE[status] + b"connection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()

    def _make_room(self) -> None:
        """End one that is idle; which one matters little, since whoever holds many will mostly lose its own."""
        for other in self.connections:
            if isinstance(other, Connection) and other is not self and other.idle:
                other._end(503)
                return
        self._end(503)

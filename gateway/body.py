"""The body of a request on its way in: bounded in size and in time, never gathered."""

import asyncio

from starlette.types import Message, Receive

from gateway.headers import Headers, values
from gateway.problems import TooSlow
from weft.identity import Caller, Role
from weft.problems import Malformed, TooLarge

ANONYMOUS_BYTES = 1024 * 1024
KNOWN_BYTES = 256 * 1024 * 1024
"""The most that any route takes; each service has the narrower bounds of its own routes."""
IDLE_SECONDS = 60.0


class Body:
    """`receive` that stops at a size, declared or real, and when nothing comes."""

    def __init__(self, receive: Receive, headers: Headers, caller: Caller) -> None:
        self._receive = receive
        self._limit = ANONYMOUS_BYTES if caller.role is Role.ANONYMOUS else KNOWN_BYTES
        self._taken = 0
        self._whole = False
        for declared in values(headers, b"content-length"):
            if not declared.isdigit() or len(declared) > 19:
                raise Malformed("Content-Length is not a number")
            self._count(int(declared), 0)

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(f"nothing came for {IDLE_SECONDS:.0f} seconds") from None
        self._whole = not message.get("more_body", False)
        self._taken += len(message.get("body", b""))
        self._count(0, self._taken)
        return message

    def _count(self, declared: int, taken: int) -> None:
        if max(declared, taken) > self._limit:
            raise TooLarge(f"the body is over {self._limit} bytes")


class Absent:
    """The body of a request that only reads: there is none, whatever was sent."""

    def __init__(self) -> None:
        self._given = False

    async def __call__(self) -> Message:
        if self._given:  # its reader is cancelled when the caller goes away: nothing else can come
            await asyncio.get_running_loop().create_future()
        self._given = True
        return {"type": "http.request", "body": b"", "more_body": False}

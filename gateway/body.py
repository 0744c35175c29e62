"""The body of a request on its way in: bounded in size and in time, never gathered."""

import asyncio
import time

from starlette.types import Message, Receive

from gateway.headers import Headers, values
from gateway.problems import Encoded, TooSlow
from weft.identity import Caller, Role
from weft.problems import Malformed, TooLarge

ANONYMOUS_BYTES = 1024 * 1024
KNOWN_BYTES = 256 * 1024 * 1024
"""The most that any route takes; each service has the narrower bounds of its own routes."""
IDLE_SECONDS = 60.0
GRACE_SECONDS = 30.0
LEAST_BYTES_A_SECOND = 1024
"""Who sends more slowly than this, beyond the grace, holds a connection and is not sending a body."""


class Body:
    """`receive` that stops at a size, declared or real, when nothing comes, and when it comes too slowly.

    Only the time that is waited here counts: a service that takes its time with a large body makes nobody slow.
    """

    def __init__(self, receive: Receive, headers: Headers, caller: Caller) -> None:
        self._receive = receive
        self._limit = ANONYMOUS_BYTES if caller.role is Role.ANONYMOUS else KNOWN_BYTES
        self._taken = 0
        self._waited = 0.0
        self._whole = False
        if any(coding.strip().lower() != b"identity" for coding in values(headers, b"content-encoding")):
            raise Encoded("Content-Encoding was sent")
        for declared in values(headers, b"content-length"):
            if not declared.isdigit() or len(declared) > 19:
                raise Malformed("Content-Length is not a number")
            self._count(int(declared), 0)

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        patience = min(IDLE_SECONDS, GRACE_SECONDS + self._taken / LEAST_BYTES_A_SECOND - self._waited)
        began = time.monotonic()
        try:
            async with asyncio.timeout(patience):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow(f"{self._taken} bytes came in {self._waited + patience:.0f} seconds") from None
        self._waited += time.monotonic() - began
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

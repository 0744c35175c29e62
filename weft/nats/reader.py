"""A peer's connection to an origin's NATS server: reads the streams that were made for it, and nothing else.

Every request for messages has its own inbox and its own end, since nats-py's `fetch` can leave a request behind that
swallows the next messages (nats.py issue 986). Still a message may be missed, when the server gives it to a request
whose reader just stopped, or come again, after the server was killed: callers compare sequences.
"""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Self

from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from weft.nats.errors import Gone, NatsProblem, Refused, Unavailable
from weft.nats.keys import Credentials
from weft.nats.link import Connection, Link, dial, refusal
from weft.nats.trust import NEXT, inbox_of, valid_peer

BATCH_MESSAGES = 256
# More than the largest message, and little enough to come over a slow link before the pings run out of patience.
BATCH_BYTES = 3 << 19
EXPIRES_SECONDS = 20
HEARTBEAT_SECONDS = 5
SILENCE_SECONDS = 3 * HEARTBEAT_SECONDS
PATIENCE_SECONDS = 20.0
ABSENCE_SECONDS = 5.0
RETRY_SECONDS = 0.1
NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Message:
    """A message as the origin's stream holds it."""

    sequence: int
    payload: bytes
    headers: dict[str, str] = field(default_factory=dict)
    pending: int = 0

    @classmethod
    def of(cls, received: Msg) -> Self:
        try:
            data = received.metadata
            return cls(data.sequence.stream, received.data, dict(received.headers or {}), data.num_pending)
        except (NatsError, ValueError, IndexError) as error:
            raise Refused("the server sent what is not a stream's message") from error


class PeerReader:
    """One connection, through which any number of streams are read at the same time."""

    def __init__(self, url: str, peer: str, credentials: Credentials, *, tls: ssl.SSLContext | None = None) -> None:
        self._peer = valid_peer(peer)
        # By inbox: the subject that was asked, and where the answers go.
        self._asking: dict[str, tuple[str, asyncio.Queue[Msg | NatsProblem]]] = {}

        async def dialled() -> Connection:
            return await dial(url, credentials, name=peer, inbox=inbox_of(peer), tls=tls, complained=self._complained)

        self._link = Link(dialled)

    @property
    def connected(self) -> bool:
        return self._link.connected

    async def close(self) -> None:
        await self._link.close()

    async def messages(self, stream: str, *, patience: float = PATIENCE_SECONDS) -> AsyncGenerator[Message, None]:
        """The stream's messages from where this peer's reader stands, without end.

        Goes on through restarts of the server and through the reader being made again, if they take no longer than
        `patience` seconds.

        Raises:
            Refused: the server does not let this peer in, or not to this stream.
            Gone: the stream or its reader does not exist.
            Unavailable: the server could not be reached for `patience` seconds.
        """
        self._link.start()
        clock = asyncio.get_running_loop().time
        absent_since: float | None = None
        while True:
            connection = await self._link.connection(patience)
            asked, empty = clock(), True
            try:
                async with contextlib.aclosing(self._batch(connection, stream)) as batch:
                    async for message in batch:
                        absent_since, empty = None, False
                        yield message
                absent_since = None
                if empty and clock() - asked < RETRY_SECONDS:
                    # A server that ends requests at once does not make us turn in circles.
                    await asyncio.sleep(RETRY_SECONDS)
            except Gone:
                # While a server starts its streams come after its connections, and a reader may be made again.
                if absent_since is None or clock() - asked >= HEARTBEAT_SECONDS:
                    absent_since = clock()
                if clock() - absent_since > min(ABSENCE_SECONDS, patience):
                    raise
                await asyncio.sleep(RETRY_SECONDS)
            except Unavailable:
                # Of this connection; how long there may be none is the link's to tell.
                await asyncio.sleep(RETRY_SECONDS)

    async def _batch(self, connection: Connection, stream: str) -> AsyncGenerator[Message, None]:
        """Ask for one batch, and give what comes until it is full or its time is over."""
        subject = f"{NEXT}.{stream}.{self._peer}"
        inbox = connection.client.new_inbox()
        asked = {
            "batch": BATCH_MESSAGES,
            "max_bytes": BATCH_BYTES,
            "expires": int(EXPIRES_SECONDS * NANOSECONDS),
            "idle_heartbeat": int(HEARTBEAT_SECONDS * NANOSECONDS),
        }
        async with connection.arrivals(inbox, SILENCE_SECONDS) as queue:
            self._asking[inbox] = subject, queue
            try:
                publishing = connection.client.publish(subject, json.dumps(asked).encode(), reply=inbox)
                await connection.bounded(publishing, SILENCE_SECONDS)
                for _ in range(BATCH_MESSAGES):
                    if (message := await self._next(connection, queue)) is None:
                        return
                    yield message
            finally:
                del self._asking[inbox]

    async def _next(self, connection: Connection, queue: asyncio.Queue[Msg | NatsProblem]) -> Message | None:
        """The next message, or None when the request came to its end.

        Raises:
            Unavailable: nothing came over the whole connection for so long that it must be dead; it is closed.
        """
        clock = asyncio.get_running_loop().time
        over = clock() + EXPIRES_SECONDS + SILENCE_SECONDS
        while True:
            heard = connection.client.stats["in_msgs"]
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    received = await queue.get()
            except TimeoutError:
                if connection.client.stats["in_msgs"] == heard:
                    await connection.close()
                    raise Unavailable(f"nothing heard for {SILENCE_SECONDS} s") from None
                if clock() > over:
                    return None  # whoever was asked has gone, with a member of the cluster: ask again
                continue
            if isinstance(received, NatsProblem):
                raise received
            headers = received.headers or {}
            if "Status" not in headers:
                return Message.of(received)
            if _ended(headers["Status"], headers.get("Description", "")):
                return None

    def _complained(self, text: str) -> None:
        """Hand a refusal, which the server does not address to anyone, to whom it concerns."""
        if not refusal(text):
            return
        # nats-py gives the text in lower case.
        for inbox, (subject, queue) in self._asking.items():
            if any(f'"{name.lower()}"' in text.lower() for name in (subject, inbox)) and not queue.full():
                queue.put_nowait(Refused(text))


def _ended(status: str, description: str) -> bool:
    """Whether a message without content ends the request in peace (or is a mere sign of life).

    Raises:
        Gone: the stream or the reader is not there.
        Unavailable: anything else that the server may say.
    """
    if status == "100":
        return False
    if status == "503" or "Deleted" in description:
        raise Gone(f"{status} {description}".strip())
    if status in ("404", "408") or description in ("Batch Completed", "Message Size Exceeds MaxBytes"):
        return True
    raise Unavailable(f"{status} {description}".strip())

"""The node's own connection to its NATS server: streams and their readers, publishing, hints. Not for peers' servers.

JetStream is a hint and the fast path: every call here ends in bounded time, and a lost store is made again.
"""

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from weft.nats.errors import Gone, Refused, Unavailable
from weft.nats.keys import Credentials
from weft.nats.link import Connection, Link, dial
from weft.nats.trust import valid_peer

log = logging.getLogger("weft.nats")

ANSWER_SECONDS = 5.0
LAST_RETRY = 1.0
DUPLICATES_SECONDS = 120
RINGING = 256
NANOSECONDS = 1_000_000_000
# What a peer may ask of a reader at once; the reader in reader.py asks for less.
READER_REQUESTS, READER_BATCH, READER_EXPIRES_SECONDS = 16, 1000, 60
STREAM_EXISTS, NO_MESSAGE, NO_STREAM, NO_CONSUMER = 10058, 10057, 10059, 10014


@dataclass(frozen=True)
class Stream:
    """What a stream holds; `created` tells a stream that was made again from the one before it."""

    name: str
    created: str
    first_sequence: int
    last_sequence: int
    messages: int


class _Answer(Exception):
    """An error answer of the JetStream API."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        super().__init__(str(error.get("description", error))[:300])
        self.code = error.get("err_code")


class Bus:
    """The connection of the node's services, with everything permitted inside the node's account.

    `replicas`: on how many members of a cluster each stream is kept.
    """

    def __init__(
        self, url: str, credentials: Credentials, *, name: str, tls: ssl.SSLContext | None = None, replicas: int = 1
    ) -> None:
        self._replicas = replicas

        async def dialled() -> Connection:
            return await dial(url, credentials, name=name, inbox="_INBOX_node", tls=tls)

        self._link = Link(dialled, LAST_RETRY)
        self._ringing: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        return self._link.connected

    async def start(self, seconds: float = ANSWER_SECONDS) -> None:
        """Connect; when the server is not there yet, go on trying behind the scenes.

        Raises:
            Unavailable: not connected so far.
        """
        self._link.start()
        await self._connection(seconds)

    async def close(self) -> None:
        """Flush what was rung, and end."""
        if self._ringing:
            await asyncio.wait(self._ringing, timeout=1)
        if connection := self._link.current:
            with contextlib.suppress(Unavailable):
                await connection.bounded(connection.client.flush(1), 1)
        await self._link.close()

    async def ensure_stream(self, name: str, subject: str, max_age: float, max_bytes: int) -> Stream:
        """Make the stream of a feed, or bring the one that is there up to these limits (seconds, bytes)."""
        config = {
            "name": name,
            "subjects": [subject],
            "storage": "file",
            "retention": "limits",
            "discard": "old",
            "max_age": int(max_age * NANOSECONDS),
            "max_bytes": max_bytes,
            "max_msgs": -1,
            "max_consumers": -1,
            "num_replicas": self._replicas,
            "duplicate_window": int(min(DUPLICATES_SECONDS, max_age or DUPLICATES_SECONDS) * NANOSECONDS),
        }
        try:
            answer = await self._api(f"STREAM.CREATE.{name}", config)
        except _Answer as error:
            if error.code != STREAM_EXISTS:
                raise Unavailable(str(error)) from error
            answer = await self._known(f"STREAM.UPDATE.{name}", config)
        return _stream(answer)

    async def stream(self, name: str) -> Stream:
        """How the stream stands.

        Raises:
            Gone: there is no such stream.
        """
        return _stream(await self._known(f"STREAM.INFO.{name}", {}))

    async def ensure_reader(self, stream: str, peer: str, *, from_now: bool) -> None:
        """Make the one thing that a peer can read a stream through, unless it is there.

        Raises:
            Gone: there is no such stream.
        """
        try:
            await self._api(f"CONSUMER.INFO.{stream}.{valid_peer(peer)}", {})
        except _Answer as error:
            if error.code == NO_STREAM:
                raise Gone(f"stream {stream}") from error
            if error.code != NO_CONSUMER:
                raise Unavailable(str(error)) from error
        else:
            return
        config: dict[str, Any] = {
            "durable_name": peer,
            "name": peer,
            "ack_policy": "none",
            "replay_policy": "instant",
            "max_waiting": READER_REQUESTS,
            "max_batch": READER_BATCH,
            "max_expires": READER_EXPIRES_SECONDS * NANOSECONDS,
            "deliver_policy": "all",
        }
        if from_now:
            # By number, so that nothing depends on how a server remembers "new" over a crash.
            start = (await self.stream(stream)).last_sequence + 1
            config |= {"deliver_policy": "by_start_sequence", "opt_start_seq": start}
        await self._known(f"CONSUMER.CREATE.{stream}.{peer}", {"stream_name": stream, "config": config})

    async def remove_reader(self, stream: str, peer: str) -> None:
        """Take the reader away; it is fine if there is none."""
        try:
            await self._api(f"CONSUMER.DELETE.{stream}.{valid_peer(peer)}", {})
        except _Answer as error:
            if error.code not in (NO_CONSUMER, NO_STREAM):
                raise Unavailable(str(error)) from error

    async def publish(
        self,
        subject: str,
        payload: bytes,
        *,
        message_id: str,
        headers: Mapping[str, str] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> int:
        """Store a message in the stream of its subject and return its sequence there, on disk when this returns.

        A message with the same id within two minutes is stored once and answered with the same sequence.

        Raises:
            Unavailable: not stored as far as is known; it may be, and the id makes trying again safe.
            Gone: no stream takes this subject.
        """
        connection = await self._connection(0)
        tagged = {**(headers or {}), "Nats-Msg-Id": message_id}
        try:
            answer = _decode(await connection.request(subject, payload, seconds, tagged))
        except _Answer as error:
            raise Unavailable(str(error)) from error
        except Unavailable as error:
            if isinstance(error.__cause__, NoRespondersError):
                raise Gone(f"no stream takes {subject}") from error
            raise
        return int(answer["seq"])

    async def erase(self, stream: str, sequence: int) -> None:
        """Overwrite and delete one message; it is fine if it is gone."""
        try:
            await self._api(f"STREAM.MSG.DELETE.{stream}", {"seq": sequence, "no_erase": False})
        except _Answer as error:
            if error.code not in (NO_MESSAGE, NO_STREAM):
                raise Unavailable(str(error)) from error

    def ring(self, subject: str, payload: bytes = b"") -> None:
        """Send a hint, if connected. Never raises and never waits: a hint may be lost."""
        connection = self._link.current
        if not connection or len(self._ringing) >= RINGING:
            return

        async def send() -> None:
            with contextlib.suppress(Unavailable, NatsError):
                await connection.bounded(connection.client.publish(subject, payload), 1)

        task = asyncio.create_task(send())
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def listen(self, subject: str) -> AsyncIterator[bytes]:
        """Hints as they come, without end. After a reconnection an empty one comes first: some may have been missed."""
        again = False
        while True:
            try:
                connection = await self._connection(None)
                async with connection.arrivals(subject, ANSWER_SECONDS) as queue:
                    if again:
                        yield b""
                    while isinstance(message := await queue.get(), Msg):
                        yield message.data
            except Unavailable:
                # Refusals and timeouts leave the link as it is: not to turn in circles meanwhile.
                await asyncio.sleep(0.05)
            again = True

    async def _connection(self, seconds: float | None) -> Connection:
        try:
            return await self._link.connection(seconds)
        except Refused as refused:
            raise Unavailable(str(refused)) from refused

    async def _api(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        connection = await self._connection(ANSWER_SECONDS)
        return _decode(await connection.request(f"$JS.API.{name}", json.dumps(body).encode(), ANSWER_SECONDS))

    async def _known(self, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask what fails only for want of the stream, or of the server."""
        try:
            return await self._api(name, body)
        except _Answer as error:
            if error.code == NO_STREAM:
                raise Gone(name) from error
            raise Unavailable(str(error)) from error


def _decode(message: Msg) -> dict[str, Any]:
    try:
        answer = json.loads(message.data)
    except ValueError:
        raise Unavailable(f"not an answer: {message.data[:80]!r}") from None
    if "error" in answer:
        raise _Answer(answer["error"])
    return dict(answer)


def _stream(answer: Mapping[str, Any]) -> Stream:
    state = answer["state"]
    return Stream(answer["config"]["name"], answer["created"], state["first_seq"], state["last_seq"], state["messages"])

"""What a hostile or broken server can do to a connection: be left, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

import pytest

from weft.nats.errors import Unavailable
from weft.nats.keys import USER, Credentials, Key
from weft.nats.link import LARGEST_BYTES, dial
from weft.nats.reader import PeerReader

INFO = b'INFO {"server_id":"x","version":"2.15.1","nonce":"n","auth_required":true,"headers":true,"max_payload":1}\r\n'


@asynccontextmanager
async def server(
    greeting: bytes, then: Callable[[asyncio.StreamWriter], bytes] = lambda _: b""
) -> AsyncIterator[tuple[str, list[int]]]:
    """Listens, greets, answers the first ping, then floods with what `then` gives; counts connections and bytes."""
    connections = [0, 0]

    async def serve(incoming: asyncio.StreamReader, outgoing: asyncio.StreamWriter) -> None:
        connections[0] += 1
        try:
            outgoing.write(greeting)
            await outgoing.drain()
            while (said := await incoming.read(65536)) and b"PING" not in said:
                pass
            outgoing.write(b"PONG\r\n")
            while flood := then(outgoing):
                outgoing.write(flood)
                connections[1] += len(flood)
                await outgoing.drain()
            while await incoming.read(65536):
                pass
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            outgoing.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"nats://127.0.0.1:{listening.sockets[0].getsockname()[1]}", connections
    finally:
        listening.close()


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("a.b.c", Key.create(USER))


@pytest.mark.parametrize(
    "greeting",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"INFO []\r\n",
        b"INFO {\r\n",
        b"INFO \xff\xfe\r\n",
        b'INFO {"nonce": 7, "auth_required": true}\r\n',
        b"INFO " + b"[" * 20_000 + b"\r\n",
        b"INFO " + b"x" * 1_000_000,
        b"-ERR\r\n",
    ],
)
async def test_a_server_that_greets_with_nonsense_is_unavailable(greeting: bytes, credentials: Credentials) -> None:
    async with server(greeting) as (url, _):
        with pytest.raises(Unavailable):
            await asyncio.wait_for(dial(url, credentials, name="eca", inbox="_INBOX_eca"), 10)


async def test_a_reader_survives_nonsense_and_tries_again(credentials: Credentials) -> None:
    async with server(b"INFO []\r\n") as (url, connections):
        reader = PeerReader(url, "eca", credentials)
        try:
            with pytest.raises(Unavailable):
                async with aclosing(reader.messages("NETWORK", patience=1)) as messages:
                    await anext(messages)
        finally:
            await reader.close()
        assert connections[0] > 1


async def test_a_message_without_end_is_not_collected(credentials: Credentials) -> None:
    sent: list[bytes] = []

    def endless(_: asyncio.StreamWriter) -> bytes:
        sent.append(b"")
        return b"MSG _INBOX_eca.x 1 100000000000\r\n" if len(sent) == 1 else bytes(1 << 16)

    async with server(INFO, endless) as (url, counts):
        reader = PeerReader(url, "eca", credentials)
        try:
            async with asyncio.timeout(8), aclosing(reader.messages("NETWORK", patience=1)) as messages:
                waiting = asyncio.ensure_future(anext(messages))
                while counts[0] < 2:  # noqa: ASYNC110 - until the reader has left and come again
                    await asyncio.sleep(0.05)
                waiting.cancel()
                await asyncio.wait({waiting})
            assert counts[1] > LARGEST_BYTES
        finally:
            await reader.close()

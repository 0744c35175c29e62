"""What a peer can read at a real server, what it cannot, and how reading goes on or ends."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from nats.aio.msg import Msg

from weft.nats import reader as reading
from weft.nats.errors import Gone, Refused, Unavailable
from weft.nats.keys import USER, Credentials, Key
from weft.nats.link import Connection, dial
from weft.nats.reader import Message, PeerReader
from weft.nats.trust import NEXT, Permissions, inbox_of

if TYPE_CHECKING:
    from conftest import Origin


async def taken(reader: PeerReader, stream: str, count: int, seconds: float = 10) -> list[Message]:
    async with asyncio.timeout(seconds), aclosing(reader.messages(stream)) as messages:
        return [await anext(messages) for _ in range(count)]


class Intruder:
    """An approved peer that speaks NATS freely instead of using the reader."""

    def __init__(self, connection: Connection, said: asyncio.Queue[str]) -> None:
        self.connection = connection
        self.said = said

    async def publishes(self, subject: str, payload: bytes = b"{}", reply: str = "") -> str:
        """Publish, and return what the server complains about."""
        await self.connection.client.publish(subject, payload, reply=reply)
        return await self.complaint()

    async def subscribes(self, subject: str) -> str:
        await self.connection.client.subscribe(subject)
        return await self.complaint()

    async def complaint(self) -> str:
        return await asyncio.wait_for(self.said.get(), 5)


@pytest.fixture
async def eca(origin: Origin) -> Intruder:
    """ECA is approved, has a reader in NETWORK, and misbehaves."""
    await origin.feed("NETWORK", "eca", "ece")
    await origin.feed("FOR_ECE", "ece")
    said: asyncio.Queue[str] = asyncio.Queue()
    url, credentials = origin.server.url, origin.approve("eca")
    connection = await dial(url, credentials, name="eca", inbox=inbox_of("eca"), complained=said.put_nowait)
    origin.stack.push_async_callback(connection.close)
    return Intruder(connection, said)


@pytest.mark.parametrize(
    "subject",
    [
        "feed.network",
        "$JS.API.INFO",
        "$JS.API.STREAM.INFO.NETWORK",
        "$JS.API.STREAM.NAMES",
        "$JS.API.STREAM.PURGE.NETWORK",
        "$JS.API.STREAM.DELETE.NETWORK",
        "$JS.API.STREAM.MSG.GET.NETWORK",
        "$JS.API.STREAM.MSG.DELETE.NETWORK",
        "$JS.API.DIRECT.GET.NETWORK",
        "$JS.API.CONSUMER.CREATE.NETWORK",
        "$JS.API.CONSUMER.CREATE.NETWORK.eca",
        "$JS.API.CONSUMER.DURABLE.CREATE.NETWORK.evil",
        "$JS.API.CONSUMER.DELETE.NETWORK.eca",
        "$JS.API.CONSUMER.INFO.NETWORK.eca",
        f"{NEXT}.NETWORK.ece",
        f"{NEXT}.FOR_ECE.ece",
        "$JS.ACK.NETWORK.ece.1.1.1.1.1",
        "_INBOX_ece.answer",
        "_INBOX_node.answer",
        "hint.catalog",
        "$SYS.REQ.CLAIMS.UPDATE",
        "$SYS.REQ.SERVER.PING",
    ],
)
async def test_a_peer_may_publish_nothing_but_requests_to_its_own_readers(eca: Intruder, subject: str) -> None:
    assert "permissions violation for publish" in await eca.publishes(subject)
    assert eca.connection.alive


@pytest.mark.parametrize("subject", ["_INBOX_ece.>", "_INBOX_node.>", "_INBOX.>", "feed.>", ">", "$JS.>", "_R_.>"])
async def test_a_peer_may_hear_nothing_but_its_own_inbox(eca: Intruder, subject: str) -> None:
    assert "permissions violation for subscription" in await eca.subscribes(subject)


async def test_a_peer_cannot_have_the_server_deliver_its_messages_into_the_node(origin: Origin, eca: Intruder) -> None:
    await origin.bus.publish("feed.network", b"{}", message_id="1")
    await origin.bus.publish("feed.network", b"{}", message_id="2")
    await origin.bus.publish("feed.network", b"{}", message_id="3")
    for reply in ("feed.for_ece", "hint.catalog", "$JS.API.STREAM.DELETE.FOR_ECE"):
        await eca.connection.client.publish(f"{NEXT}.NETWORK.eca", b'{"batch": 1}', reply=reply)
    # They have had their answers when an honest request finds nothing more to read.
    status = None
    while status != "404":
        inbox = eca.connection.client.new_inbox()
        async with eca.connection.arrivals(inbox, 5) as queue:
            await eca.connection.client.publish(f"{NEXT}.NETWORK.eca", b'{"batch": 1, "no_wait": true}', reply=inbox)
            answer = await asyncio.wait_for(queue.get(), 5)
        assert isinstance(answer, Msg)
        status = (answer.headers or {}).get("Status")
    assert (await origin.bus.stream("FOR_ECE")).messages == 0


async def test_a_peer_reads_its_stream_in_order_with_sequences_and_headers(origin: Origin) -> None:
    subject = await origin.feed("NETWORK", "eca")
    for number in range(600):
        await origin.bus.publish(subject, b"%d" % number, message_id=str(number), headers={"Weft-Feed": "network"})
    messages = await taken(origin.reader("eca", origin.approve("eca")), "NETWORK", 600)
    assert [message.sequence for message in messages] == list(range(1, 601))
    assert [int(message.payload) for message in messages] == list(range(600))
    assert messages[0].headers["Weft-Feed"] == "network"


async def test_a_message_of_a_mebibyte_arrives(origin: Origin) -> None:
    subject = await origin.feed("NETWORK", "eca")
    await origin.bus.publish(subject, bytes(1 << 20), message_id="1")
    [message] = await taken(origin.reader("eca", origin.approve("eca")), "NETWORK", 1)
    assert len(message.payload) == 1 << 20


async def test_a_reader_admitted_now_sees_nothing_from_before_even_after_a_restart(origin: Origin) -> None:
    subject = await origin.feed("NETWORK")
    await origin.bus.publish(subject, b"before", message_id="1")
    await origin.bus.ensure_reader("NETWORK", "eca", from_now=True)
    await origin.bus.publish(subject, b"after", message_id="2")
    await origin.server.stop()
    await origin.server.start()
    await origin.bus.ensure_reader("NETWORK", "eca", from_now=True)
    [message] = await taken(origin.reader("eca", origin.approve("eca")), "NETWORK", 1)
    assert message.payload == b"after"


async def test_several_streams_are_read_at_once_on_one_connection(origin: Origin) -> None:
    streams = [f"S{number}" for number in range(6)]
    subjects = [await origin.feed(stream, "eca") for stream in streams]
    reader = origin.reader("eca", origin.approve("eca"))
    reads = [asyncio.create_task(taken(reader, stream, 20)) for stream in streams]
    for number in range(20):
        for subject in subjects:
            await origin.bus.publish(subject, subject.encode(), message_id=f"{subject}{number}")
    for subject, messages in zip(subjects, await asyncio.gather(*reads), strict=True):
        assert [message.payload for message in messages] == [subject.encode()] * 20


async def test_reading_goes_on_after_the_server_was_killed(origin: Origin) -> None:
    subject = await origin.feed("NETWORK", "eca")
    reader = origin.reader("eca", origin.approve("eca"))
    async with asyncio.timeout(30), aclosing(reader.messages("NETWORK")) as messages:
        await origin.bus.publish(subject, b"before", message_id="1")
        assert (await anext(messages)).payload == b"before"
        killed = origin.server.pid
        assert killed
        waiting = asyncio.ensure_future(anext(messages))
        os.kill(killed, signal.SIGKILL)
        await origin.until(lambda: origin.server.pid not in (None, killed) and origin.bus.connected)
        await origin.until(lambda: reader.connected)
        await origin.bus.publish(subject, b"after", message_id="2")
        # A server that is killed may forget how far the reader was, and hand out again what it handed out last.
        payload = (await waiting).payload
        while payload == b"before":
            payload = (await anext(messages)).payload
        assert payload == b"after"


async def test_reading_goes_on_when_the_store_was_lost_and_all_is_made_again(origin: Origin) -> None:
    await origin.feed("NETWORK", "eca")
    reader = origin.reader("eca", origin.approve("eca"))
    reads = asyncio.create_task(taken(reader, "NETWORK", 1, 20))
    await origin.until(lambda: reader.connected)
    await origin.server.stop()
    shutil.rmtree(origin.server.folder / "store")
    await origin.server.start()
    subject = await origin.feed("NETWORK", "eca")
    await origin.bus.publish(subject, b"again", message_id="1")
    assert [message.payload for message in await reads] == [b"again"]


async def test_reading_goes_on_when_its_reader_is_made_again(origin: Origin) -> None:
    subject = await origin.feed("NETWORK", "eca")
    reader = origin.reader("eca", origin.approve("eca"))
    async with asyncio.timeout(20), aclosing(reader.messages("NETWORK")) as messages:
        await origin.bus.publish(subject, b"1", message_id="1")
        await anext(messages)
        waiting = asyncio.ensure_future(anext(messages))
        await origin.bus.remove_reader("NETWORK", "eca")
        await origin.bus.remove_reader("NETWORK", "eca")
        await origin.bus.ensure_reader("NETWORK", "eca", from_now=True)
        await origin.bus.publish(subject, b"2", message_id="2")
        assert (await waiting).payload == b"2"


async def test_a_stream_that_is_not_there_is_gone(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ABSENCE_SECONDS", 0.3)
    await origin.feed("NETWORK", "eca")
    reader = origin.reader("eca", origin.approve("eca"))
    with pytest.raises(Gone):
        await taken(reader, "NOWHERE", 1)


async def test_a_reader_that_was_removed_while_waiting_is_gone(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "ABSENCE_SECONDS", 0.3)
    subject = await origin.feed("NETWORK", "eca")
    reader = origin.reader("eca", origin.approve("eca"))
    async with asyncio.timeout(10), aclosing(reader.messages("NETWORK")) as messages:
        await origin.bus.publish(subject, b"1", message_id="1")
        await anext(messages)
        waiting = asyncio.ensure_future(anext(messages))
        await origin.bus.remove_reader("NETWORK", "eca")
        with pytest.raises(Gone):
            await waiting


async def test_what_the_token_does_not_permit_is_refused(origin: Origin) -> None:
    await origin.feed("NETWORK", "eca")
    key = Key.create(USER)
    narrow = Permissions(publish=(f"{NEXT}.OTHER.eca",), subscribe=("_INBOX_eca.>",))
    reader = origin.reader("eca", Credentials(origin.server.trust.user_jwt(key.public, "eca", narrow), key))
    with pytest.raises(Refused, match="violation"):
        await taken(reader, "NETWORK", 1)
    deaf = Permissions(publish=(f"{NEXT}.*.eca",), subscribe=("_INBOX_other.>",))
    reader = origin.reader("eca", Credentials(origin.server.trust.user_jwt(key.public, "eca", deaf), key))
    with pytest.raises(Refused, match="violation"):
        await taken(reader, "NETWORK", 1)


async def test_a_token_with_another_key_is_refused(origin: Origin) -> None:
    approved = origin.approve("eca")
    reader = origin.reader("eca", Credentials(approved.jwt, Key.create(USER)))
    with pytest.raises(Refused):
        await taken(reader, "NETWORK", 1)


async def test_a_server_that_is_not_there_is_unavailable_after_the_patience(origin: Origin) -> None:
    reader = origin.reader("eca", origin.approve("eca"))
    await origin.server.stop()
    with pytest.raises(Unavailable):
        async with asyncio.timeout(5), aclosing(reader.messages("NETWORK", patience=0.3)) as messages:
            await anext(messages)


async def test_a_frozen_server_is_told_from_an_idle_one(origin: Origin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HEARTBEAT_SECONDS", 0.1)
    monkeypatch.setattr(reading, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(reading, "EXPIRES_SECONDS", 1)
    await origin.feed("NETWORK", "eca")
    reader = origin.reader("eca", origin.approve("eca"))
    async with aclosing(reader.messages("NETWORK", patience=0.5)) as messages:
        waiting = asyncio.ensure_future(anext(messages))
        # Idle: several heartbeats and whole requests go by.
        await asyncio.wait({waiting}, timeout=2.5)
        assert not waiting.done()
        assert reader.connected
        assert origin.server.pid
        os.kill(origin.server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(Unavailable):
                await asyncio.wait_for(waiting, 10)
        finally:
            os.kill(origin.server.pid, signal.SIGCONT)

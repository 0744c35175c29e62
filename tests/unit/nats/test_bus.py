"""The bus against a real server: streams, publishing, erasing, hints."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest

from weft.nats.bus import Bus
from weft.nats.configuration import Settings
from weft.nats.errors import Gone, Unavailable

if TYPE_CHECKING:
    from conftest import Origin


async def test_a_message_is_stored_once_however_often_it_is_published(origin: Origin) -> None:
    subject = await origin.feed()
    first = await origin.bus.publish(subject, b"commit", message_id="1/1")
    assert await origin.bus.publish(subject, b"commit", message_id="1/1") == first
    assert await origin.bus.publish(subject, b"next", message_id="1/2") == first + 1
    assert (await origin.bus.stream("NETWORK")).messages == 2


async def test_ensuring_a_stream_again_keeps_its_messages_and_takes_new_limits(origin: Origin) -> None:
    subject = await origin.feed()
    await origin.bus.publish(subject, b"commit", message_id="1")
    same = await origin.bus.ensure_stream("NETWORK", subject, max_age=3600, max_bytes=16 << 20)
    limited = await origin.bus.ensure_stream("NETWORK", subject, max_age=60, max_bytes=1 << 20)
    assert same.created == limited.created
    assert limited.messages == 1


async def test_publishing_where_no_stream_is_says_so(origin: Origin) -> None:
    with pytest.raises(Gone):
        await origin.bus.publish("feed.nowhere", b"commit", message_id="1")
    with pytest.raises(Gone):
        await origin.bus.stream("NOWHERE")
    with pytest.raises(Gone):
        await origin.bus.ensure_reader("NOWHERE", "eca", from_now=True)


async def test_publishing_while_the_server_is_down_is_refused_at_once(origin: Origin) -> None:
    subject = await origin.feed()
    await origin.server.stop()
    await origin.until(lambda: not origin.bus.connected)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        await origin.bus.publish(subject, b"commit", message_id="1")
    assert time.monotonic() - began < 0.5


async def test_publishing_to_a_server_that_answers_nothing_ends_in_its_time(origin: Origin) -> None:
    subject = await origin.feed()
    assert origin.server.pid
    os.kill(origin.server.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await origin.bus.publish(subject, b"commit", message_id="1", seconds=0.5)
        assert time.monotonic() - began < 2
    finally:
        os.kill(origin.server.pid, signal.SIGCONT)
    assert await origin.bus.publish(subject, b"commit", message_id="1") == 1


async def test_a_publish_under_way_when_the_server_dies_is_told_before_its_time_is_over(origin: Origin) -> None:
    subject = await origin.feed()
    assert origin.server.pid
    os.kill(origin.server.pid, signal.SIGSTOP)
    publishing = asyncio.create_task(origin.bus.publish(subject, b"commit", message_id="1", seconds=60))
    await asyncio.wait({publishing}, timeout=0.1)
    os.kill(origin.server.pid, signal.SIGKILL)
    with pytest.raises(Unavailable):
        await asyncio.wait_for(publishing, 10)


async def test_a_lost_store_is_made_again(origin: Origin) -> None:
    subject = await origin.feed()
    before = await origin.bus.stream("NETWORK")
    await origin.bus.publish(subject, b"commit", message_id="1")
    await origin.server.stop()
    shutil.rmtree(origin.server.folder / "store")
    shutil.rmtree(origin.server.folder / "accounts")
    await origin.server.start()
    await origin.until(lambda: origin.bus.connected)
    with pytest.raises(Gone):
        await origin.bus.publish(subject, b"commit", message_id="1")
    again = await origin.bus.ensure_stream("NETWORK", subject, max_age=3600, max_bytes=16 << 20)
    assert (again.messages, again.last_sequence) == (0, 0)
    assert again.created != before.created
    assert await origin.bus.publish(subject, b"commit", message_id="1") == 1


async def test_an_erased_message_is_neither_delivered_nor_on_disk(origin: Origin) -> None:
    subject = await origin.feed("NETWORK", "eca")
    erased = await origin.bus.publish(subject, b"a body that was withdrawn", message_id="1")
    await origin.bus.publish(subject, b"kept", message_id="2")
    await origin.bus.erase("NETWORK", erased)
    reader = origin.reader("eca", origin.approve("eca"))
    async with aclosing(reader.messages("NETWORK")) as messages:
        first = await anext(messages)
    assert (first.sequence, first.payload) == (2, b"kept")
    stored = b"".join(file.read_bytes() for file in (origin.server.folder / "store").rglob("*") if file.is_file())
    assert b"kept" in stored
    assert b"withdrawn" not in stored


async def test_erasing_what_is_gone_is_fine(origin: Origin) -> None:
    subject = await origin.feed()
    sequence = await origin.bus.publish(subject, b"commit", message_id="1")
    await origin.bus.publish(subject, b"next", message_id="2")
    await origin.bus.erase("NETWORK", sequence)
    await origin.bus.erase("NETWORK", sequence)
    await origin.bus.erase("NETWORK", 99)
    await origin.bus.erase("NOWHERE", 1)
    assert (await origin.bus.stream("NETWORK")).messages == 1


async def test_hints_are_heard_and_go_on_after_the_server_was_killed(origin: Origin) -> None:
    async with aclosing(origin.bus.listen("hint.>")) as hints:
        heard: asyncio.Queue[bytes] = asyncio.Queue()

        async def listen() -> None:
            async for hint in hints:
                heard.put_nowait(hint)

        async def rung(hint: bytes) -> bytes:
            # A hint may be lost, here because the subscription is not there yet: rung until it is heard.
            while True:
                origin.bus.ring("hint.catalog", hint)
                try:
                    return await asyncio.wait_for(heard.get(), 0.1)
                except TimeoutError:
                    continue

        listening = asyncio.create_task(listen())
        try:
            assert await asyncio.wait_for(rung(b"first"), 5) == b"first"
            assert origin.server.pid
            os.kill(origin.server.pid, signal.SIGKILL)
            await origin.until(lambda: not origin.bus.connected)
            assert await asyncio.wait_for(rung(b"second"), 10) == b"", "told that hints may have been missed"
            assert await asyncio.wait_for(rung(b"second"), 10) == b"second"
        finally:
            listening.cancel()
            await asyncio.wait({listening})


async def test_ringing_while_the_server_is_down_neither_raises_nor_waits(origin: Origin) -> None:
    await origin.server.stop()
    await origin.until(lambda: not origin.bus.connected)
    began = time.monotonic()
    for _ in range(10_000):
        origin.bus.ring("hint.catalog", b"x")
    assert time.monotonic() - began < 1


async def test_a_bus_started_before_its_server_says_so_and_connects_later(origin: Origin) -> None:
    await origin.server.stop()
    bus = Bus(origin.server.url, origin.server.trust.service_credentials(), name="early")
    try:
        with pytest.raises(Unavailable):
            await bus.start(0.2)
        await origin.server.start()
        await origin.until(lambda: bus.connected)
    finally:
        await bus.close()


async def test_closing_a_bus_whose_server_is_frozen_ends_in_bounded_time(origin: Origin) -> None:
    bus = Bus(origin.server.url, origin.server.trust.service_credentials(), name="other")
    await bus.start()
    assert origin.server.pid
    os.kill(origin.server.pid, signal.SIGSTOP)
    try:
        await asyncio.wait_for(bus.close(), 8)
    finally:
        os.kill(origin.server.pid, signal.SIGCONT)


def test_off_loopback_a_server_without_tls_is_refused() -> None:
    with pytest.raises(ValueError, match="TLS"):
        Settings(name="eclac", host="0.0.0.0")

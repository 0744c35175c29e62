"""Bodies stream both ways through the gateway, whole or visibly broken off."""

import asyncio
import hashlib

import httpx
import pytest

from gateway import body
from tests.service.gateway.house import House

PART = b"x" * 65_536


async def within(awaitable, seconds=5.0):
    return await asyncio.wait_for(awaitable, seconds)


def head(caller, path, length):
    """The head of a POST, as bytes."""
    return f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {caller['Authorization']}\r\n{length}\r\n\r\n".encode()


async def test_the_first_part_of_an_answer_arrives_before_the_last_is_made(both: House):
    async with both.at.stream("GET", "/api/v1/documents/stream") as answer:
        parts = answer.aiter_raw()
        assert await within(anext(parts)) == b"first"
        both.catalog.go_on.set()
        assert b"".join([part async for part in parts]) == b"second"


async def test_the_first_part_of_an_upload_arrives_before_the_last_is_sent(both: House):
    _, editor = await both.key("editor")

    async def upload():
        yield b"first"
        await within(both.catalog.arrived.wait())
        assert both.catalog.uploads == [b"first"]
        yield b"second"

    answer = await both.at.post("/api/v1/documents/bulk", content=upload(), headers=editor)
    assert answer.json() == {"key": "11"}


async def test_a_large_upload_arrives_byte_for_byte(both: House):
    _, editor = await both.key("editor")
    sent = bytes(range(256)) * 4_000
    answer = await both.at.put("/api/v1/documents/eclac/large", content=sent, headers=editor)
    assert answer.json()["key"] == hashlib.sha256(sent).hexdigest()


async def test_a_caller_that_goes_away_cancels_what_it_waited_for(both: House):
    asking = asyncio.create_task(both.at.get("/api/v1/documents/slow"))
    await within(both.catalog.arrived.wait())
    asking.cancel()
    if "catalog" in both.servers:  # the service hears that its connection is gone, and may finish or not
        await both.alone(both.servers["catalog"], 0)
    else:
        await within(both.catalog.cancelled.wait())
    assert not both.catalog.go_on.is_set()


async def test_a_caller_that_goes_away_ends_the_stream_that_it_read(both: House):
    async with both.at.stream("GET", "/api/v1/documents/stream") as answer:
        await within(anext(answer.aiter_raw()))
    await within(both.catalog.cancelled.wait())


async def test_an_upload_that_breaks_off_is_not_taken_for_whole(both: House):
    _, editor = await both.key("editor")
    reader, writer = await asyncio.open_connection("127.0.0.1", both.port)
    writer.write(head(editor, "/api/v1/documents/bulk", "Transfer-Encoding: chunked") + b"5\r\nfirst\r\n")
    await within(both.catalog.arrived.wait())
    writer.close()
    await within(both.catalog.cancelled.wait())
    assert both.catalog.broken_uploads == 1
    assert await reader.read() == b""


async def test_an_answer_that_breaks_off_does_not_look_whole(both: House):
    with pytest.raises(httpx.RemoteProtocolError):
        await both.at.get("/api/v1/documents/broken")


async def test_a_bug_of_a_service_is_one_problem_document(both: House):
    answer = await both.at.get("/api/v1/documents/bug")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal-error"
    assert "bug" not in answer.text


async def test_an_upload_over_the_bound_is_refused_though_it_says_no_length(both: House, monkeypatch):
    monkeypatch.setattr(body, "KNOWN_BYTES", 4 * len(PART))
    _, editor = await both.key("editor")

    async def upload():
        for _ in range(8):
            yield PART

    answer = await both.at.post("/api/v1/documents/bulk", content=upload(), headers=editor)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_an_anonymous_upload_has_a_smaller_bound_by_its_declared_length(both: House):
    answer = await both.at.post("/api/v1/documents/bulk", content=b"x" * (body.ANONYMOUS_BYTES + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_an_upload_that_stands_still_is_refused(both: House, monkeypatch):
    monkeypatch.setattr(body, "IDLE_SECONDS", 0.2)
    _, editor = await both.key("editor")
    reader, writer = await asyncio.open_connection("127.0.0.1", both.port)
    writer.write(head(editor, "/api/v1/documents/bulk", "Transfer-Encoding: chunked") + b"5\r\nfirst\r\n")
    assert b" 408 " in await within(reader.readline())
    writer.close()


async def test_a_caller_that_goes_away_does_not_undo_what_it_had_saved(both: House):
    _, editor = await both.key("editor")
    before = len(both.server.server_state.connections)
    _, writer = await asyncio.open_connection("127.0.0.1", both.port)
    writer.write(head(editor, "/api/v1/documents/saving", "Content-Length: 5") + b"whole")
    await within(both.catalog.arrived.wait())
    writer.close()
    await both.alone(both.server, before)
    both.catalog.go_on.set()
    await within(both.catalog.saved.wait())

"""Callers who mean harm, by raw sockets: slow, without end, in two readings at once, or very many."""

import asyncio
import resource
import socket

import pytest

from gateway import body
from tests.service.gateway.house import House
from weft.web import connection
from weft.web.connection import HEAD_BYTES, Connection

AT = "/api/v1/documents"
SMUGGLED = f"GET {AT}/eclac/smuggled HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def post(*headers: str, body: str = "", path: str = f"{AT}/saving") -> bytes:
    return "".join(
        [f"POST {path} HTTP/1.1\r\nHost: x\r\n", *(f"{line}\r\n" for line in headers), "\r\n", body]
    ).encode()


def two_readings() -> dict[str, bytes]:
    """Requests that one reader takes for one and another for two."""
    length = f"Content-Length: {len(SMUGGLED)}"
    chunked = "Transfer-Encoding: chunked"
    hidden = f"0\r\n\r\n{SMUGGLED}"
    return {
        "length and chunks": post(f"Content-Length: {len(hidden)}", chunked, body=hidden),
        "chunks and length": post(chunked, "Content-Length: 4", body=f"5c\r\n{SMUGGLED}\r\n0\r\n\r\n"),
        "two lengths": post("Content-Length: 0", length, body=SMUGGLED),
        "two lengths in one": post(f"Content-Length: 0, {len(SMUGGLED)}", body=SMUGGLED),
        "a length with a sign": post("Content-Length: +0", body=SMUGGLED),
        "a length in other digits": post("Content-Length: 0x0", body=SMUGGLED),
        "a length of nothing": post("Content-Length:", body=SMUGGLED),
        "a length beyond all": post("Content-Length: 99999999999999999999999", body=SMUGGLED),
        "a coding that is none": post("Transfer-Encoding: xchunked", length, body=hidden),
        "a coding of two": post("Transfer-Encoding: chunked, identity", length, body=hidden),
        "two codings": post(chunked, "Transfer-Encoding: identity", length, body=hidden),
        "a coding after a space": post("Transfer-Encoding : chunked", length, body=hidden),
        "a coding after a tab": post("Transfer-Encoding:\x0bchunked", length, body=hidden),
        "a folded header": post("X-Folded: a", f" {chunked}", length, body=hidden),
        "a folded coding": post("Transfer-Encoding:", " chunked", length, body=hidden),
        "a bare LF": post(f"X-A: b\n{chunked}", length, body=hidden),
        "a bare CR": post(f"X-A: b\r{chunked}", length, body=hidden),
        "a NUL": post(f"X-A: b\0{chunked}", length, body=hidden),
        "only LF": post(chunked, length, body=hidden).replace(b"\r\n", b"\n"),
        "a chunk of a strange size": post(chunked, body=f"0x0\r\n\r\n{SMUGGLED}"),
        "a chunk with a sign": post(chunked, body=f"-1\r\n\r\n{SMUGGLED}"),
        "a chunk beyond all": post(chunked, body=f"{'f' * 17}\r\n{SMUGGLED}"),
        "a chunk that ends in LF": post(chunked, body=f"1\nx\n0\n\n{SMUGGLED}"),
        "a chunk longer than it says": post(chunked, body=f"1\r\nxyz\r\n{hidden}"),
        "a space before the first header": b"POST / HTTP/1.1\r\n Host: x\r\n\r\n" + SMUGGLED.encode(),
        "a version that is none": post(chunked, body=hidden).replace(b"HTTP/1.1", b"HTTP/1.10"),
        "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + SMUGGLED.encode(),
    }


async def answered(port: int, sent: bytes) -> bytes:
    """All that comes back until the connection ends, or nothing more comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_request_that_could_be_read_in_two_ways_is_refused_and_no_other_comes_with_it(both: House):
    both.catalog.go_on.set()
    for kind, sent in two_readings().items():
        status = (await answered(both.port, sent)).split(b" ")[1:2]
        assert status in ([b"400"], [b"408"], [b"505"], [b"501"]), (kind, status)
        assert [path for path in both.catalog.paths if "smuggled" in path] == [], kind
    assert (await both.at.get(f"{AT}/eclac/a")).status_code == 200


async def test_a_second_request_on_one_connection_is_authorised_for_itself(both: House):
    _, editor = await both.key("editor")
    first = f"GET {AT}/eclac/a HTTP/1.1\r\nHost: x\r\nAuthorization: {editor['Authorization']}\r\n\r\n"
    told = await answered(both.port, (first + SMUGGLED).encode())
    assert told.count(b"HTTP/1.1 200") == 2
    assert b'"caller": ["an editor", "editor", ""]' in told.split(b"HTTP/1.1 200")[1]
    assert b'"caller": ["", "anonymous", ""]' in told.split(b"HTTP/1.1 200")[2]


async def test_a_trailer_is_not_a_header(both: House):
    _, operator = await both.key("operator")
    trailing = f"Authorization: {operator['Authorization']}\r\nX-Seen: trailer\r\n\r\n"
    sent = f"GET {AT}/eclac/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    sent += f"Transfer-Encoding: chunked\r\n\r\n0\r\n{trailing}"
    told = await answered(both.port, sent.encode())
    assert b'"anonymous"' in told
    assert b"trailer" not in told.lower().replace(b"x-trailer", b"")


async def flood(port: int, head: bytes, more: bytes) -> int:
    """How many bytes a server takes before it ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    ended = asyncio.create_task(reader.read())
    taken = 0
    try:
        writer.write(head)
        while not ended.done() and taken < 100 * HEAD_BYTES:
            writer.write(more)
            taken += len(more)
            await writer.drain()
            await asyncio.sleep(0)
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
        await asyncio.gather(ended, return_exceptions=True)
    return taken


CHUNKED = b"POST /api/v1/documents/bulk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("head", "more"),
    [
        (b"GET / HTTP/1.1\r\n", b"X-More: " + b"x" * 1000 + b"\r\n"),
        (b"GET / HTTP/1.1\r\nX-Long: ", b"x" * 4096),
        (b"GET /", b"x" * 4096),
        (b"", b"\r\n" * 2048),
        (CHUNKED + b"0\r\n", b"X-Trailer: " + b"x" * 1000 + b"\r\n"),
        (CHUNKED + b"0\r\nX-Trailer: ", b"x" * 4096),
        (CHUNKED + b"1;", b"x" * 4096),
        (CHUNKED, b"1;" + b"x" * 4096 + b"\r\nx\r\n"),
    ],
    ids=["headers", "a header", "an address", "lines", "trailers", "a trailer", "an extension", "extensions"],
)
async def test_a_head_without_an_end_is_ended(node: House, head, more):
    assert await flood(node.port, head, more) < 90 * HEAD_BYTES
    assert (await node.at.get("/healthz")).status_code == 200


async def test_a_body_in_the_smallest_chunks_is_still_a_body(both: House):
    _, editor = await both.key("editor")
    said = (f"Authorization: {editor['Authorization']}", "Transfer-Encoding: chunked", "Connection: close")
    sent = post(*said, path=f"{AT}/bulk")
    told = await answered(both.port, sent + b"1\r\nx\r\n" * 50_000 + b"0\r\n\r\n")
    assert b'{"key":"50000"}' in told


async def test_a_head_that_does_not_come_is_not_waited_for(node: House, monkeypatch):
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.2)
    for sent in (b"", b"GET / HTTP/1.1\r\nX-Slow: ", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET "):
        reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
        writer.write(sent)
        assert b" 408 " in await asyncio.wait_for(reader.read(), 5)
        writer.close()


async def test_an_upload_of_a_byte_at_a_time_is_refused(both: House, monkeypatch):
    monkeypatch.setattr(body, "GRACE_SECONDS", 0.3)
    _, editor = await both.key("editor")
    reader, writer = await asyncio.open_connection("127.0.0.1", both.port)
    writer.write(post(f"Authorization: {editor['Authorization']}", "Content-Length: 100000", path=f"{AT}/bulk"))
    answer = asyncio.create_task(reader.readline())
    while not answer.done():
        writer.write(b"x")
        await asyncio.sleep(0.01)
    assert b" 408 " in answer.result()
    writer.close()
    assert both.catalog.broken_uploads == 1


async def test_a_body_that_is_compressed_is_not_unpacked(both: House):
    _, editor = await both.key("editor")
    for coding in ("gzip", "br", "identity, gzip", "x"):
        answer = await both.at.put(f"{AT}/eclac/a", content=b"x", headers={**editor, "Content-Encoding": coding})
        assert (answer.status_code, answer.json()["code"]) == (415, "encoded-body")
    plain = await both.at.put(f"{AT}/eclac/a", content=b"x", headers={**editor, "Content-Encoding": "identity"})
    assert plain.status_code == 200


async def test_a_title_of_ten_megabytes_is_refused_and_the_node_goes_on(both: House):
    _, editor = await both.key("editor")
    answer = await both.at.put(f"{AT}/eclac/a", json={"title": "x" * 10_000_000}, headers=editor)
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")
    assert (await both.at.put(f"{AT}/eclac/a", json={"title": "x"}, headers=editor)).status_code == 200


@pytest.fixture
async def crowd():
    """Opens many connections that ask nothing."""
    held: list[socket.socket] = []

    async def gather(port: int, count: int) -> list[socket.socket]:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            each = socket.socket()
            each.setblocking(False)
            held.append(each)
            await loop.sock_connect(each, ("127.0.0.1", port))
        return held

    yield gather
    for each in held:
        each.close()


async def test_ten_thousand_connections_that_ask_nothing_hold_nobody_up(node: House, crowd):
    both_ends_here = (resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1_000) // 2
    count = min(10_000, both_ends_here)
    await crowd(node.port, count)
    assert len(node.server.server_state.connections) > count - 100
    async with asyncio.timeout(5):
        assert (await node.at.get(f"{AT}/eclac/a")).status_code == 200


async def test_beyond_the_room_one_that_asks_nothing_makes_place(node: House, crowd, monkeypatch):
    monkeypatch.setattr(Connection, "most", 40)
    reading = asyncio.create_task(node.at.get(f"{AT}/slow"))
    await asyncio.wait_for(node.catalog.arrived.wait(), 5)
    await crowd(node.port, 200)
    await node.alone(node.server, 41)
    assert (await node.at.get("/healthz")).status_code == 200
    node.catalog.go_on.set()
    assert (await asyncio.wait_for(reading, 5)).status_code == 200

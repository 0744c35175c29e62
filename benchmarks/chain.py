"""The peer in latency: the bare chain that a change takes, with nothing in it but the commits and the messages.

SQLite commit at A, publish to A's stream, pull by B, publish to B's stream, pull, SQLite commit at B. All is synced to disk.
"""

import asyncio
import socket
import sqlite3
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import nats
from nats.errors import Error

from benchmarks.pair import until
from benchmarks.records import BYTES
from weft.demo.local import free_ports
from weft.nats.process import binary

REST_SECONDS = 0.05


def run(folder: Path, changes: int) -> list[float]:
    """Seconds of each change, end to end."""
    folder.mkdir()
    ports = free_ports(2)
    with _server(folder / "a", ports[0]), _server(folder / "b", ports[1]):
        return asyncio.run(_chain(folder, ports, changes))


@contextmanager
def _server(folder: Path, port: int) -> Iterator[None]:
    folder.mkdir()
    store = f'jetstream {{ store_dir: "{folder / "store"}", sync_interval: always }}'
    (folder / "conf").write_text(f'listen: "127.0.0.1:{port}"\n{store}\n')
    command = [str(binary()), "-c", str(folder / "conf"), "-l", str(folder / "log")]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        until("nats-server answers", lambda: _listens(port), seconds=30)
        yield
    finally:
        child.terminate()
        child.wait(20)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _chain(folder: Path, ports: list[int], changes: int) -> list[float]:
    # A's own connection, B's to A, and B's own.
    at_a, b_at_a, at_b = [await nats.connect(f"nats://127.0.0.1:{ports[at]}", connect_timeout=10) for at in (0, 0, 1)]
    kept = [_database(folder / f"{name}.db") for name in "ab"]
    arrived: asyncio.Queue[None] = asyncio.Queue()
    await at_a.jetstream().add_stream(name="out", subjects=["out"])
    await at_b.jetstream().add_stream(name="in", subjects=["in"])

    async def carry(message: Any) -> None:
        await at_b.jetstream().publish("in", message.data)

    async def apply(message: Any) -> None:
        _commit(kept[1], message.data)
        arrived.put_nowait(None)

    pulls = [
        asyncio.create_task(_pull(await b_at_a.jetstream().pull_subscribe("out", "b"), carry)),
        asyncio.create_task(_pull(await at_b.jetstream().pull_subscribe("in", "b"), apply)),
    ]
    took: list[float] = []
    for _ in range(changes + 10):
        await asyncio.sleep(REST_SECONDS)
        begun = time.perf_counter()
        _commit(kept[0], bytes(BYTES))
        await at_a.jetstream().publish("out", bytes(BYTES))
        await asyncio.wait_for(arrived.get(), 30)
        took.append(time.perf_counter() - begun)
    for pull in pulls:
        pull.cancel()
    await asyncio.gather(*pulls, return_exceptions=True)
    for connection in (at_a, b_at_a, at_b):
        await connection.close()
    return took[10:]


async def _pull(subscription: Any, each: Callable[[Any], Awaitable[None]]) -> None:
    while True:
        with suppress(TimeoutError, Error):
            for message in await subscription.fetch(100, timeout=5):
                await each(message)
                await message.ack()


def _database(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE change (number INTEGER PRIMARY KEY, body BLOB)")
    return connection


def _commit(connection: sqlite3.Connection, body: bytes) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO change (body) VALUES (?)", (body,))
    connection.execute("COMMIT")

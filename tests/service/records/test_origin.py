"""A whole service that owns records: what waits comes by itself at its time, through restarts, and holds nobody up."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlmodel import Session

from tests.service.records.notes import OURS, TABLES, THEIRS, follow
from weft.clock import stamp
from weft.exchange.bell import SHOWN
from weft.journal import removed, seal
from weft.journal.record import Sealed
from weft.keys import NodeKeys, create
from weft.log import serve
from weft.nats.bus import Bus
from weft.nats.keys import Credentials
from weft.origin.sequencer import Sequencer
from weft.origin.service import OriginService
from weft.passport import Passports
from weft.protocol.names import START, Cursor, Feed
from weft.records.own import Content
from weft.records.takedown import ANY
from weft.settings import Settings
from weft.wiring import Wiring

NETWORK = Feed("eca", "catalog", "network")


@asynccontextmanager
async def started(folder: Path, address: str) -> AsyncIterator[OriginService]:
    """A node's service whose broker is away and that has no peers."""
    keys = NodeKeys.open(folder) if (folder / "keys").exists() else create(folder).keys
    settings = Settings(node="eca", data=folder, database_url=address)
    (no_tables := folder / "no-tables").mkdir(exist_ok=True)
    bus = Bus("nats://127.0.0.1:1", Credentials("", keys.reader), name="test")
    wiring = Wiring(
        settings=settings, keys=keys, passports=Passports(keys.internal), bus=bus, broker_url="nats://127.0.0.1:1"
    )
    wiring.apps["sync"] = FastAPI()
    service = OriginService(wiring, "catalog", migrations=no_tables, projection=THEIRS, follow=follow)
    TABLES.create_all(service.database.engine)
    async with service.running():
        yield service


async def put(service: OriginService, id_: str, *, hours: float = 0) -> None:
    public_from = stamp(datetime.now(UTC) + timedelta(hours=hours)) if hours else None
    content = Content(b'"text":"words","draft":false', ("network",), public_from)
    await service.database.write(OURS.put_many, service.incarnation, {id_: content})
    service.ring()


async def delete(service: OriginService, id_: str, undo_seconds: int) -> None:
    await service.database.write(OURS.delete, service.incarnation, id_, ANY, undo_seconds=undo_seconds)
    service.ring()


async def said(service: OriginService) -> list[tuple[str, str]]:
    """What the network's feed says, without the bodies: (op, id)."""

    def read(session: Session) -> list[tuple[str, str]]:
        page = serve.page(session, NETWORK, START, since=0, bodies=lambda *_: {}, key=service.wiring.keys.identity)
        return [(change.op, change.id) for commit in page.commits for change in commit.header.changes]

    return await service.database.read(read)


async def until(what: Callable[[], Any], wanted: object) -> None:
    async with asyncio.timeout(20):
        while await what() != wanted:  # noqa: ASYNC110 - nothing tells it but another look
            await asyncio.sleep(0.02)


async def test_an_embargo_ends_by_itself_and_who_waits_is_told(tmp_path: Path, address: str) -> None:
    async with started(tmp_path, address) as service:
        await put(service, "a", hours=2 / 3600)
        rung = service.bell.listen(SHOWN)
        assert await said(service) == []
        await until(lambda: said(service), [("put", "a")])
        assert rung.is_set()


async def test_several_that_seal_at_the_end_seal_everything_once_and_none_fails(tmp_path: Path, address: str) -> None:
    async with started(tmp_path, address) as service:
        ids = [f"r{number}" for number in range(20)]
        sequencers = [
            Sequencer(service.database, service.incarnation, service.bell, lambda feed: None) for _ in range(4)
        ]
        for id_ in ids:
            await put(service, id_)
            while any(await asyncio.gather(*(each.end_once() for each in sequencers))):
                pass
        assert sorted(await said(service)) == [("put", id_) for id_ in sorted(ids)]


async def test_an_embargo_that_ran_out_while_nothing_ran_ends_at_the_start(tmp_path: Path, address: str) -> None:
    async with started(tmp_path, address) as service:
        await put(service, "a", hours=1 / 3600)
    due = stamp(datetime.now(UTC) + timedelta(seconds=1))

    async def over() -> bool:
        return stamp(datetime.now(UTC)) > due

    await until(over, True)
    async with started(tmp_path, address) as service:
        await until(lambda: said(service), [("put", "a")])


async def test_a_deletion_that_waits_is_sealed_by_itself_and_does_not_hold_up_the_end(
    tmp_path: Path, address: str
) -> None:
    async with started(tmp_path, address) as service:
        for id_ in "ab":
            await put(service, id_)
        await until(lambda: said(service), [("put", "a"), ("put", "b")])
        await delete(service, "a", 1)
        await delete(service, "b", 3600)
        await until(lambda: said(service), [("put", "a"), ("put", "b"), ("delete", "a")])
        ended = time.monotonic()
    assert time.monotonic() - ended < 10
    async with started(tmp_path, address) as service:
        back = await service.database.write(OURS.undelete, service.incarnation, "b")
        service.ring()
        await until(lambda: said(service), [("put", "a"), ("put", "b"), ("delete", "a"), ("put", "b")])
        assert back.version.epoch == service.incarnation.epoch


async def test_a_reader_who_cannot_go_on_is_not_kept_waiting(tmp_path: Path, address: str) -> None:
    async with started(tmp_path, address) as service:
        await put(service, "a")
        await until(lambda: said(service), [("put", "a")])
        await delete(service, "a", 3600)

        def read(session: Session) -> Cursor:
            page = serve.page(
                session, NETWORK, START, since=0, bodies=service.shelf.bodies, key=service.wiring.keys.identity
            )
            return page.commits[-1].cursor if page.commits else START

        assert await service.database.read(read) == START
        await until(lambda: said(service), [("put", "a"), ("delete", "a")])
        assert (await service.database.read(read)).sequence == 2
        assert await service.database.read(removed.find, ("note", "a")) is None
        with pytest.raises(Sealed):
            await service.database.write(OURS.undelete, service.incarnation, "a")
        assert await service.database.read(seal.waiting) == 0

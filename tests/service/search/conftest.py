"""A real search service over a database that Alembic made, and a real index of each engine."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from services.search import arrival
from services.search.api import router
from services.search.engine.interface import Engine
from services.search.index import Index
from services.search.indexer import Indexer
from services.search.service import MIGRATIONS
from tests.service.search.desk import Desk
from tests.unit.search import engines
from tests.unit.search.engines import ENGINES, Place
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.exchange.bell import SHOWN, Bell
from weft.passport import Passports
from weft.web.app import application


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    made = Database(address)
    upgrade(made, KERNEL["log"], KERNEL["inbox"], MIGRATIONS)
    yield made
    made.close()


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from engines.place(request.param, tmp_path)


@pytest.fixture
def engine(place: Place) -> Engine:
    return place.open()


@pytest.fixture
async def desk(database: Database, engine: Engine) -> AsyncIterator[Desk]:
    index = Index(engine, database)
    await index.mend()
    bell = Bell()
    indexer = Indexer(database, index, holder="here", searchable=lambda: bell.ring(SHOWN))
    passports = Passports(secrets.token_bytes(32))

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        yield

    app = application(
        service="search",
        title="Search",
        node=SimpleNamespace(
            database=database, index=index, indexer=indexer, bell=bell, knows=partial(arrival.knows, "eca")
        ),
        routers=[router],
        passports=passports,
        running=running,
        ready=dict,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://search") as client:
        yield Desk(database, index, indexer, client, passports)
    index.close()

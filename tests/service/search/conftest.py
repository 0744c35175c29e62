"""A real search service over a database that Alembic made and a real index, both in a temporary directory."""

import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from services.search.api import router
from services.search.engine.tantivy import TantivyEngine
from services.search.index import Index
from services.search.indexer import Indexer
from services.search.service import MIGRATIONS
from tests.service.search.desk import Desk
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.passport import Passports
from weft.web.app import application


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/search.db")
    upgrade(made, KERNEL["log"], KERNEL["inbox"], MIGRATIONS)
    yield made
    made.close()


@pytest.fixture
def engine(tmp_path: Path) -> TantivyEngine:
    return TantivyEngine(tmp_path / "index")


@pytest.fixture
async def desk(database: Database, engine: TantivyEngine) -> AsyncIterator[Desk]:
    index = Index(engine, database)
    passports = Passports(secrets.token_bytes(32))

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        yield

    app = application(
        service="search",
        title="Search",
        node=SimpleNamespace(database=database, index=index),
        routers=[router],
        passports=passports,
        running=running,
        ready=dict,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://search") as client:
        yield Desk(database, index, Indexer(database, index, holder="here"), client, passports)
    index.close()

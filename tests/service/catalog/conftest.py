"""A real catalog: its routes behind the real edge, over a database in a file that Alembic made."""

import itertools
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from starlette.testclient import TestClient

from services.catalog.api import router
from services.catalog.bulk import FILE_BYTES
from tests.service.catalog.desk import US, Catalog, CatalogNode
from weft.clock import stamp
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.journal.incarnation import Incarnation, begin
from weft.passport import Passports
from weft.protocol.signing import SigningKey
from weft.web.app import application

MIGRATIONS = Path(__file__).parents[3] / "services/catalog/migrations"


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A new database's: a file, or one on the PostgreSQL server at `WEFT_TEST_POSTGRES`."""
    server = os.environ.get("WEFT_TEST_POSTGRES")
    if server is None:
        yield f"sqlite:///{tmp_path}/catalog.db"
        return
    name = f"test_{secrets.token_hex(8)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    made = Database(address)
    upgrade(made, KERNEL["log"], KERNEL["journal"], KERNEL["inbox"], MIGRATIONS)
    yield made
    made.close()


@pytest.fixture
def catalog(database: Database) -> Iterator[Catalog]:
    with database.writing() as session:
        epoch = begin(session, secrets.randbits(32), "2026-01-01T00:00:00.000Z")
    ticks = (stamp(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=at)) for at in itertools.count())
    key = SigningKey(secrets.token_bytes(32))
    node = CatalogNode(database, Incarnation(US, "catalog", epoch, key, now=lambda: next(ticks)))
    passports = Passports(secrets.token_bytes(32))

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        yield

    app = application(
        service="catalog",
        title="Catalog",
        node=node,
        routers=[router],
        passports=passports,
        running=running,
        ready=dict,
        large={"/documents/bulk": FILE_BYTES},
    )
    with TestClient(app, raise_server_exceptions=True) as client:
        yield Catalog(node, client, passports)

"""A real indicators service: its routes behind the real edge, over a database in a file that Alembic made."""

import itertools
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.indicators.api import router
from services.indicators.app import LARGE, MIGRATIONS
from tests.service.indicators.desk import US, Desk, IndicatorsNode
from weft.clock import stamp
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.journal.incarnation import Incarnation, begin
from weft.passport import Passports
from weft.protocol.signing import SigningKey
from weft.web.app import application


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path}/indicators.db")
    upgrade(made, KERNEL["log"], KERNEL["journal"], KERNEL["inbox"], MIGRATIONS)
    yield made
    made.close()


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with database.writing() as session:
        epoch = begin(session, secrets.randbits(32), "2026-01-01T00:00:00.000Z")
    ticks = (stamp(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=at)) for at in itertools.count())
    key = SigningKey(secrets.token_bytes(32))
    node = IndicatorsNode(database, Incarnation(US, "indicators", epoch, key, now=lambda: next(ticks)))
    passports = Passports(secrets.token_bytes(32))

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        yield

    app = application(
        service="indicators",
        title="Indicators",
        node=node,
        routers=[router],
        passports=passports,
        running=running,
        ready=dict,
        large=LARGE,
    )
    with TestClient(app, raise_server_exceptions=True) as client:
        yield Desk(node, client, passports)

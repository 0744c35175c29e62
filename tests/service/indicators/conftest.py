"""A real indicators service: its routes behind the real edge, over a database that Alembic made."""

from collections.abc import Iterator

import pytest

from services.indicators.api import router
from services.indicators.app import LARGE, MIGRATIONS
from tests.service.house import migrated
from tests.service.indicators.desk import US, Desk
from weft.database import Database


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with migrated(address, MIGRATIONS) as made:
        yield made


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with Desk.open(database, router, service="indicators", us=US, large=LARGE) as opened:
        yield opened

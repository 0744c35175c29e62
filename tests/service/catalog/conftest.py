"""A real catalog: its routes behind the real edge, over a database that Alembic made."""

from collections.abc import Iterator

import pytest

from services.catalog.api import router
from services.catalog.app import MIGRATIONS
from services.catalog.bulk import FILE_BYTES
from tests.service.catalog.desk import US, Catalog
from tests.service.house import migrated
from weft.database import Database


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with migrated(address, MIGRATIONS) as made:
        yield made


@pytest.fixture
def catalog(database: Database) -> Iterator[Catalog]:
    large = {"/documents/bulk": FILE_BYTES}
    with Catalog.open(database, router, service="catalog", us=US, large=large) as opened:
        yield opened

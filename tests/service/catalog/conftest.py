"""A real catalog: its routes behind the real edge, over a database that Alembic made."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter

from services.catalog.app import MIGRATIONS
from services.catalog.kinds import KINDS
from tests.service.catalog.desk import US, Catalog
from tests.service.house import migrated
from weft.database import Database


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with migrated(address, MIGRATIONS) as made:
        yield made


@pytest.fixture
def catalog(database: Database) -> Iterator[Catalog]:
    routes = APIRouter()
    for router in KINDS.routers:
        routes.include_router(router)
    with Catalog.open(database, routes, service="catalog", us=US, large=KINDS.large) as opened:
        yield opened

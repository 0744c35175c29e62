"""A real indicators service: its routes behind the real edge, over a database that Alembic made."""

from collections.abc import Iterator

import pytest
from fastapi import APIRouter

from services.indicators import api, lists
from services.indicators.app import LARGE, MIGRATIONS, SHELVES
from services.indicators.kinds import KINDS
from tests.service.house import migrated
from tests.service.indicators.desk import US, Desk
from weft.database import Database
from weft.records import changed


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    with migrated(address, MIGRATIONS) as made:
        yield made


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    with Desk.open(database, _all_routes(), service="indicators", us=US, large=LARGE) as opened:
        yield opened


def _all_routes() -> APIRouter:
    router = APIRouter()
    for part in (api.router, lists.router, *KINDS.routers, changed.router(SHELVES)):
        router.include_router(part)
    return router

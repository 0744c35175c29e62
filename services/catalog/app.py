"""The catalog service, assembled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.catalog import files_api
from services.catalog.kinds import KINDS
from services.catalog.vault import Vault
from weft.exchange import progress
from weft.exchange import routes as feeds
from weft.origin import routes as readers
from weft.origin.service import OriginService
from weft.records import changed
from weft.web.app import application
from weft.wiring import Wiring

MIGRATIONS = Path(__file__).parent / "migrations"


def create(wiring: Wiring) -> FastAPI:
    catalog = OriginService(wiring, "catalog", migrations=MIGRATIONS, projection=KINDS.projection, follow=KINDS.follow)
    vault = Vault.open(wiring, catalog.database, catalog.bell)

    @asynccontextmanager
    async def running() -> AsyncIterator[None]:
        async with catalog.running(), vault.running():
            yield

    app = application(
        service="catalog",
        title="Weft: catalog",
        node=catalog,
        routers=[
            *KINDS.routers,
            files_api.router,
            changed.router(KINDS.shelves),
            feeds.router,
            readers.router,
            progress.router,
        ],
        passports=wiring.passports,
        running=running,
        ready=catalog.ready,
        large=KINDS.large | files_api.LARGE,
    )
    app.state.vault = vault
    return app

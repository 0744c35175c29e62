"""Assembling the indicators service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from services.indicators import api, store
from services.indicators.apply import AllSeries
from services.indicators.bulk import FILE_BYTES
from weft.exchange import progress
from weft.exchange import routes as feeds
from weft.origin import routes as readers
from weft.origin.service import OriginService
from weft.web.app import application
from weft.wiring import Wiring

SERVICE = "indicators"
MIGRATIONS = Path(__file__).with_name("migrations")
LARGE = {f"{api.PATH}/bulk": FILE_BYTES, f"{api.PATH}/import/unsd": FILE_BYTES}


class Indicators(OriginService):
    """The service that owns this node's series."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with super().running():
            await self._follow()
            yield

    async def remove(self, name: str) -> None:
        await super().remove(name)
        await self._follow()

    async def _follow(self) -> None:
        """Removing a reader writes series anew, in the journal alone."""
        while await self.database.write(store.follow, self.incarnation):
            pass


def create(wiring: Wiring) -> FastAPI:
    """The service's application; it migrates, seals and follows peers' feeds while it runs."""
    service = Indicators(wiring, SERVICE, migrations=MIGRATIONS, projection=AllSeries())
    return application(
        service=SERVICE,
        title="Weft: indicators",
        node=service,
        routers=[api.router, feeds.router, readers.router, progress.router],
        passports=wiring.passports,
        running=service.running,
        ready=service.ready,
        large=LARGE,
    )

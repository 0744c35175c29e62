"""The indicators service, assembled."""

from pathlib import Path

from fastapi import FastAPI

from services.indicators import api
from services.indicators.apply import SERIES
from services.indicators.bulk import FILE_BYTES
from services.indicators.store import OURS
from weft.exchange import progress
from weft.exchange import routes as feeds
from weft.origin import routes as readers
from weft.origin.service import OriginService
from weft.web.app import application
from weft.wiring import Wiring

MIGRATIONS = Path(__file__).parent / "migrations"
LARGE = {f"{api.PATH}/bulk": FILE_BYTES, f"{api.PATH}/import/unsd": FILE_BYTES}


def create(wiring: Wiring) -> FastAPI:
    indicators = OriginService(wiring, "indicators", migrations=MIGRATIONS, projection=SERIES, follow=OURS.follow)
    return application(
        service="indicators",
        title="Weft: indicators",
        node=indicators,
        routers=[api.router, feeds.router, readers.router, progress.router],
        passports=wiring.passports,
        running=indicators.running,
        ready=indicators.ready,
        large=LARGE,
    )

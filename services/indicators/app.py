"""The indicators service, assembled."""

from pathlib import Path

from fastapi import FastAPI

from services.indicators import api, lists
from services.indicators.bulk import FILE_BYTES
from services.indicators.endings import PATH
from services.indicators.kinds import KINDS
from services.indicators.schemas import KIND
from services.indicators.shelf import SHELF
from services.indicators.store import TAKEDOWNS
from weft.exchange import progress
from weft.exchange import routes as feeds
from weft.origin import routes as readers
from weft.origin.service import OriginService
from weft.records import changed
from weft.web.app import application
from weft.wiring import Wiring

MIGRATIONS = Path(__file__).parent / "migrations"
LARGE = {f"{PATH}/bulk": FILE_BYTES, f"{PATH}/import/unsd": FILE_BYTES, **KINDS.large}
SHELVES = {KIND: SHELF, TAKEDOWNS.kind: TAKEDOWNS.shelf, **KINDS.shelves}


def create(wiring: Wiring) -> FastAPI:
    indicators = OriginService(
        wiring, "indicators", migrations=MIGRATIONS, projection=KINDS.projection, follow=KINDS.follow
    )
    return application(
        service="indicators",
        title="Weft: indicators",
        node=indicators,
        routers=[
            api.router,
            lists.router,
            *KINDS.routers,
            changed.router(SHELVES),
            feeds.router,
            readers.router,
            progress.router,
        ],
        passports=wiring.passports,
        running=indicators.running,
        ready=indicators.ready,
        large=LARGE,
    )

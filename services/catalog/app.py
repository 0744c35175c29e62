"""The catalog service, assembled."""

from pathlib import Path

from fastapi import FastAPI

from services.catalog import api
from services.catalog.apply import DOCUMENTS
from services.catalog.bulk import FILE_BYTES
from services.catalog.store import OURS
from weft.exchange import progress
from weft.exchange import routes as feeds
from weft.origin import routes as readers
from weft.origin.service import OriginService
from weft.web.app import application
from weft.wiring import Wiring

MIGRATIONS = Path(__file__).parent / "migrations"


def create(wiring: Wiring) -> FastAPI:
    catalog = OriginService(wiring, "catalog", migrations=MIGRATIONS, projection=DOCUMENTS, follow=OURS.follow)
    return application(
        service="catalog",
        title="Weft: catalog",
        node=catalog,
        routers=[api.router, feeds.router, readers.router, progress.router],
        passports=wiring.passports,
        running=catalog.running,
        ready=catalog.ready,
        large={"/documents/bulk": FILE_BYTES},
    )

"""The sync service, assembled."""

from fastapi import FastAPI

from services.sync import api
from services.sync.service import SyncService
from weft.exchange import routes
from weft.web.app import application
from weft.wiring import Wiring


def create(wiring: Wiring) -> FastAPI:
    sync = SyncService(wiring)
    return application(
        service="sync",
        title="Weft: sync",
        node=sync,
        routers=[api.router, routes.router],
        passports=wiring.passports,
        running=sync.running,
        ready=sync.ready,
    )

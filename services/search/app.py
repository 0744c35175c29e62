"""The search service, assembled."""

from fastapi import FastAPI

from services.search import api
from services.search.service import SearchService
from weft.exchange import progress
from weft.web.app import application
from weft.wiring import Wiring


def create(wiring: Wiring) -> FastAPI:
    search = SearchService(wiring)
    return application(
        service="search",
        title="Weft: search",
        node=search,
        routers=[api.router, progress.router],
        passports=wiring.passports,
        running=search.running,
        ready=search.ready,
    )

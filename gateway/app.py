"""The gateway, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from gateway import api, openapi, pages, probes
from gateway.changes import api as changes
from gateway.countries import api as countries
from gateway.door import Door
from gateway.gate import Gate
from gateway.home import Front
from gateway.identity import Identity
from gateway.issuer import Issuer
from gateway.limits import Limits
from gateway.oidc import Bearers
from gateway.openapi import Description
from gateway.probes import Readiness
from gateway.webhooks import api as webhooks
from weft import __version__
from weft.exchange.session import Tokens
from weft.web import errors
from weft.wiring import Wiring


def create(wiring: Wiring) -> ASGIApp:
    """The one public door of a node. Its lifespan is its own: those of the services in `wiring.apps` are run elsewhere."""
    gate = Gate(wiring)
    settings = wiring.settings
    tokens = Tokens(wiring.keys.internal, wiring.keys.identity.public)
    bearers = Bearers(settings, Issuer(settings.oidc_issuer)) if settings.oidc_issuer else None
    return Door(
        wiring,
        own=_own(gate),
        upstreams=gate.upstreams,
        identity=Identity(gate.keyring, tokens, bearers),
        limits=Limits(settings),
    )


def _own(gate: Gate) -> FastAPI:
    """What the gateway answers itself."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with gate.running():
            yield

    app = FastAPI(
        title="Gateway",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
    )
    app.state.gate = gate
    app.state.readiness = Readiness(gate)
    app.state.front = Front(gate)
    app.state.description = Description(gate, app.openapi)
    errors.install(app)
    for router in (
        api.router,
        webhooks.router,
        changes.router,
        countries.router,
        probes.router,
        openapi.router,
        pages.router,
    ):
        app.include_router(router)
    return app

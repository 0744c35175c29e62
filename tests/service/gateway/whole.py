"""A whole node in this process: every real service behind the gateway, without a socket and without a broker."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.app import create
from tests.service.gateway.house import wiring_of
from weft.assembly import load
from weft.exchange.session import Tokens
from weft.keys import NodeKeys
from weft.wiring import SERVICES, Wiring


@asynccontextmanager
async def whole(folder: Path, keys: NodeKeys, **given: Any) -> AsyncIterator[tuple[httpx.AsyncClient, Wiring]]:
    """A client of the gateway, and the wiring behind it."""
    async with AsyncExitStack() as stack:
        wiring = wiring_of(folder, keys, **given)
        apps = {name: load(name)(wiring) for name in SERVICES}
        wiring.apps.update(apps)
        gateway = create(wiring)
        for app in (*apps.values(), gateway._own):
            await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app=gateway)
        at = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://eclac", timeout=30)
        )
        yield at, wiring


def operator_of(keys: NodeKeys) -> dict[str, str]:
    return {"Authorization": f"Weft {Tokens(keys.internal, keys.identity.public).operator()}"}

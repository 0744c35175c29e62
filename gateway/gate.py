"""What the gateway's own routes share: its database, its keyring, the services behind it, its couriers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Annotated

from fastapi import Depends, Request

from gateway.keys import Keyring
from gateway.upstream import Upstreams
from gateway.webhooks.couriers import Couriers
from weft.database import Database
from weft.database.migrate import upgrade
from weft.tasks import running
from weft.wiring import Wiring

MIGRATIONS = str(files("gateway").joinpath("migrations"))


class Gate:
    """Made once for a process; `running` holds what it needs while it is open."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.database = Database(wiring.settings.database("gateway"))
        self.keyring = Keyring(self.database)
        self.upstreams = Upstreams(wiring)
        self.couriers = Couriers(wiring, self.database, self.upstreams)

    @property
    def title(self) -> str:
        return self.wiring.settings.title or self.wiring.node

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Migrate, then reach the services, note the use of keys and carry changes to webhooks until the end."""
        upgrade(self.database, MIGRATIONS)
        try:
            async with self.upstreams.running(), running(noting=self.keyring.noting, webhooks=self.couriers.working):
                yield
            await self.keyring.note()
        finally:
            self.database.close()


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate


async def _gate(request: Request) -> Gate:  # a coroutine: FastAPI takes what is none through a thread
    return gate_of(request)


TheGate = Annotated[Gate, Depends(_gate)]

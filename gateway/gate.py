"""What the gateway's own routes share: its database, its keyring, the services behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from fastapi import Request

from gateway.keys import Keyring
from gateway.upstream import Upstreams
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

    @property
    def title(self) -> str:
        return self.wiring.settings.title or self.wiring.node

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Migrate, then reach the services and note the use of keys until the end."""
        upgrade(self.database, MIGRATIONS)
        try:
            async with self.upstreams.running(), running(noting=self.keyring.noting):
                yield
            await self.keyring.note()
        finally:
            self.database.close()


def gate_of(request: Request) -> Gate:
    gate: Gate = request.app.state.gate
    return gate

"""Sync: what replication needs, assembled: the log, the mesh of peers, sessions, and what is served from the log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from sqlmodel import Session, col, select

from services.sync.mesh import Mesh
from services.sync.status import READING
from weft import __version__, descriptor
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.exchange.bell import Bell
from weft.exchange.routes import Shelf
from weft.exchange.session import Tokens
from weft.identity import Caller, Role
from weft.inbox.settle import Inbox
from weft.log import serve
from weft.log.models import CommitRow
from weft.nats.certificate import pin_of
from weft.problems import NotFound
from weft.protocol.names import NETWORK, Feed
from weft.tasks import running
from weft.wiring import Wiring

MIGRATIONS = Path(__file__).parent / "migrations"


class SyncService:
    """What the routes of sync work with."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.bell = Bell()
        wiring.stopping.append(self.bell.close)
        wiring.backlogs.append(self._behind)
        self.tokens = Tokens(wiring.keys.internal, wiring.keys.identity.public)
        self.database = Database(wiring.settings.database("sync"))
        self.shelf = Shelf(self.database, wiring.keys.identity, serve.kept, self.bell, self._since)
        inbox = Inbox(keep_headers=True)
        self.mesh = Mesh(wiring, self.database, inbox, applied=self._applied, descriptor=self.descriptor)
        self.clients: dict[str, httpx.AsyncClient] = {}
        self._ready = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        upgrade(self.database, KERNEL["log"], KERNEL["inbox"], MIGRATIONS)
        self.clients = {name: self.wiring.client(name, "sync") for name in READING}
        self._ready = True
        try:
            async with running(mesh=self.mesh.run):
                yield
        finally:
            self._ready = False
            for client in self.clients.values():
                await client.aclose()
            self.database.close()

    def ready(self) -> dict[str, str]:
        return {} if self._ready else {"database": "not open"}

    def descriptor(self) -> descriptor.Signed:
        """What this node says of itself to anybody."""
        wiring = self.wiring
        said = descriptor.Descriptor(
            format=1,
            node=wiring.node,
            title=wiring.settings.title,
            url=wiring.settings.public_url,
            identity=wiring.keys.identity.public.raw.hex(),
            recovery_hash=wiring.keys.recovery_hash,
            nats_user=wiring.keys.reader.public,
            software=f"weft {__version__}",
            feeds=[str(Feed(wiring.node, service, NETWORK)) for service in ("catalog", "indicators")],
            broker_key=pin_of(shown) if (shown := wiring.broker_certificate) else "",
        )
        return descriptor.sign(said, wiring.keys.identity)

    def _behind(self) -> int:
        """How many changes of our peers we know of and have not got yet."""
        links = self.mesh.links.values()
        return sum(follower.progress.behind_changes or 0 for link in links for follower in link.followers.values())

    def _applied(self, feed: Feed) -> None:
        """A commit is in the log: the node's own services may have it."""
        self.bell.ring(feed)
        self.wiring.hint(feed)

    def _since(self, session: Session, caller: Caller, feed: Feed) -> int:
        """Only this node's services read the log, from where its headers begin; before that, a snapshot tells."""
        if caller.role is not Role.SERVICE:
            raise NotFound(f"the feed {feed} is not for you")
        row = serve.found(session, feed)
        first = session.exec(
            select(CommitRow.sequence).where(CommitRow.feed == row.number).order_by(col(CommitRow.sequence)).limit(1)
        ).first()
        return row.sequence if first is None else first - 1

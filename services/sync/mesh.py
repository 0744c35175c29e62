"""The mesh: a link to each approved peer, and what an approval has to bring about, tried until it is done."""

import asyncio
from collections.abc import Callable

import httpx
import structlog

from services.sync import peers
from services.sync.link import SERVICES, Link
from services.sync.models import PeerRow
from weft.database import Database
from weft.descriptor import Signed
from weft.exchange.bell import heard
from weft.inbox.settle import Inbox
from weft.protocol.names import Feed
from weft.tls import trusted
from weft.wiring import Wiring

log = structlog.get_logger("weft.mesh")

LOOK_SECONDS = 5.0
ANSWERING_SECONDS = 1.5
"""A node that starts calls its peers a little before it answers them."""


class Mesh:
    def __init__(
        self,
        wiring: Wiring,
        database: Database,
        inbox: Inbox,
        *,
        applied: Callable[[Feed], None],
        descriptor: Callable[[], Signed],
    ) -> None:
        self._wiring = wiring
        self._database = database
        self._inbox = inbox
        self._applied = applied
        self._descriptor = descriptor
        self._changed = asyncio.Event()
        self.links: dict[str, Link] = {}

    def look(self) -> None:
        """Peers have changed."""
        self._changed.set()

    def heard(self, name: str) -> None:
        """A peer calls us, so it is up again: do not wait out the pause that its absence has earned it."""
        if link := self.links.get(name):
            asyncio.get_running_loop().call_later(ANSWERING_SECONDS, link.wake)

    async def run(self) -> None:
        services = {name: self._wiring.client(name, "sync") for name in SERVICES}
        try:
            while True:
                for peer in await self._database.read(peers.approved):
                    await self._arrange(peer, services)
                    await self._link(peer)
                self._changed.clear()
                await heard(self._changed, LOOK_SECONDS)
        finally:
            for link in self.links.values():
                await link.stop()
            self.links.clear()
            for client in services.values():
                await client.aclose()

    async def _link(self, peer: PeerRow) -> None:
        """Keep a link to where the peer says it is: it may have been restored at another address."""
        known = self.links.get(peer.name)
        if known and known.peer.url == peer.url:
            return
        if known:
            await known.stop()
        self.links[peer.name] = link = Link(peer, self._wiring, self._database, self._inbox, self._applied)
        link.start()

    async def _arrange(self, peer: PeerRow, services: dict[str, httpx.AsyncClient]) -> None:
        """Admit the peer at our services, and tell it that we exist. Both are harmless to repeat."""
        try:
            if not peer.admitted:
                for client in services.values():
                    path = f"/internal/readers/{peer.name}"
                    answer = await client.put(path, json={"identity": peer.key.fingerprint}, timeout=30)
                    answer.raise_for_status()
                await self._database.write(peers.done, peer.name, admitted=True)
            if not peer.introduced:
                async with httpx.AsyncClient(base_url=peer.url, verify=trusted()) as client:
                    signed = self._descriptor()
                    body = {"statement": signed.statement, "signature": signed.signature}
                    answer = await client.post("/feeds/introduction", json=body, timeout=10)
                    answer.raise_for_status()
                await self._database.write(peers.done, peer.name, introduced=True)
        except (httpx.HTTPError, KeyError) as error:
            log.info("an approval is not carried out yet", peer=peer.name, why=f"{type(error).__name__}: {error}")

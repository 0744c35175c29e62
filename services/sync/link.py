"""A link to one peer: its feeds, followed over HTTPS, and faster through its broker while that is connected."""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx
import msgspec
import structlog

from services.sync.models import PeerRow
from weft import descriptor
from weft.database import Database
from weft.descriptor import NoDescriptor
from weft.exchange.follower import Follower
from weft.exchange.following import Following
from weft.exchange.session import PeerAuth
from weft.exchange.source import HttpSource
from weft.exchange.states import State
from weft.inbox.settle import Inbox
from weft.nats import certificate
from weft.nats.address import near, secure
from weft.nats.errors import Gone, NatsProblem
from weft.nats.keys import Credentials
from weft.nats.reader import PeerReader
from weft.origin.publisher import stream_of
from weft.protocol.names import NETWORK, Feed
from weft.tasks import cancelled, supervised
from weft.tls import trusted
from weft.wiring import Wiring

log = structlog.get_logger("weft.link")

SERVICES = ("catalog", "indicators")
AGAIN_SECONDS = 5.0
NO_BROKER_SECONDS = 30.0
"""Before a peer that offers no broker is asked again."""
CONNECTIONS = httpx.Limits(max_connections=16, max_keepalive_connections=8)


class NoBroker(Exception):
    """The peer's broker is not open to us; its feeds are pulled."""


class BrokerAccess(msgspec.Struct, frozen=True):
    """Where a peer's broker is, the token by which it lets us read what was made for us, and what it shows in TLS."""

    url: str
    jwt: str
    certificate: str = ""

    def tls(self, pin: str) -> ssl.SSLContext | None:
        """What to trust there, with the key that the peer's descriptor names. Without one we go no further than here.

        Raises:
            ValueError: it is not that broker, or not a safe way to it.
        """
        if not pin and near(self.url):
            return None
        if not pin or not secure(self.url):
            raise ValueError(f"{self.url[:200]} is on another machine, and the descriptor pins no key for it")
        return certificate.trusted(self.certificate, pin)


@dataclass
class Link:
    """Runs from `start` to `stop`. `applied` is called after each commit of a feed."""

    peer: PeerRow
    wiring: Wiring
    database: Database
    inbox: Inbox
    applied: Callable[[Feed], None]
    followers: dict[Feed, Follower] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = self.wiring.keys
        auth = PeerAuth(self.wiring.node, keys.identity, self.peer.key)
        self._client = httpx.AsyncClient(base_url=self.peer.url, auth=auth, limits=CONNECTIONS, verify=trusted())
        self._reader: PeerReader | None = None
        self._reading: set[Feed] = set()
        self._tasks: list[asyncio.Task[None]] = []
        for feed in self.feeds:
            self.followers[feed] = Follower(self._following(feed))

    @property
    def feeds(self) -> Sequence[Feed]:
        """What this peer may have for us: the network's feed and our own, of each service."""
        return [
            Feed(self.peer.name, service, audience) for service in SERVICES for audience in (NETWORK, self.wiring.node)
        ]

    @property
    def client(self) -> httpx.AsyncClient:
        """A client that the peer knows as us."""
        return self._client

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(supervised(str(feed), follower.run)) for feed, follower in self.followers.items()
        ]
        self._tasks.append(asyncio.create_task(supervised(f"broker of {self.peer.name}", self._broker)))

    def wake(self) -> None:
        """Try again what failed."""
        for follower in self.followers.values():
            if follower.progress.state is not State.LIVE:
                follower.nudge()

    async def stop(self) -> None:
        await cancelled(self._tasks)
        await self._client.aclose()

    def _following(self, feed: Feed) -> Following:
        return Following(
            feed=feed,
            source=HttpSource(self._client),
            keys={self.peer.key.fingerprint: self.peer.key},
            holder_keys={self.peer.key.fingerprint: self.peer.key},
            database=self.database,
            inbox=self.inbox,
            service="sync",
            rereads=False,
            poll_seconds=self.wiring.settings.poll_seconds,
            applied=self.applied,
            hinted=lambda: feed in self._reading and self._reader is not None and self._reader.connected,
        )

    async def _broker(self) -> None:
        """Read the peer's streams while its broker lets us; otherwise the followers ask with long polls."""
        while True:
            try:
                access = await self._access()
                credentials = Credentials(access.jwt, self.wiring.keys.reader)
                reader = PeerReader(access.url, self.wiring.node, credentials, tls=access.tls(await self._pin()))
                self._reader = reader
                try:
                    async with asyncio.TaskGroup() as group:
                        for feed in self.feeds:
                            group.create_task(self._read(reader, feed))
                finally:
                    self._reader = None
                    await reader.close()
            except* NoBroker:
                await asyncio.sleep(NO_BROKER_SECONDS)
            except* (NatsProblem, NoDescriptor, httpx.HTTPError, msgspec.DecodeError, ValueError) as errors:
                log.info(
                    "the peer's broker cannot be read; its feeds are pulled",
                    peer=self.peer.name,
                    why=str(errors.exceptions[0]),
                )
            await asyncio.sleep(AGAIN_SECONDS)

    async def _access(self) -> BrokerAccess:
        answer = await self._client.get("/feeds/broker", timeout=10)
        if answer.status_code == 404:
            raise NoBroker
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=BrokerAccess)

    async def _pin(self) -> str:
        """The key of the peer's broker, as the peer says now with the key that we approved."""
        said = await descriptor.fetch(self.peer.url)
        if said.identity != self.peer.identity:
            raise NoDescriptor(f"{self.peer.url} is {said.node} with the key {said.key.fingerprint}")
        return said.broker_key

    async def _read(self, reader: PeerReader, feed: Feed) -> None:
        """One stream; when it is not made yet it is tried again.

        Raises:
            Refused, Unavailable: the broker does not let us in, or is not there any more: where it is, and with which key,
                is to be asked anew.
        """
        follower = self.followers[feed]
        while True:
            try:
                self._reading.add(feed)
                async with aclosing(reader.messages(stream_of(feed))) as messages:
                    async for message in messages:
                        follower.offer(message.payload)
            except Gone as error:
                log.info("a stream cannot be read; its feed is pulled", feed=str(feed), why=str(error))
            finally:
                self._reading.discard(feed)
                follower.nudge()
            await asyncio.sleep(AGAIN_SECONDS)

"""A service's subscriptions inside its node: it follows every feed that sync holds for it, and those of its own node."""

import asyncio
from collections.abc import Callable, Iterable

import httpx
import msgspec
import structlog

from weft.database import Database
from weft.exchange.bell import heard
from weft.exchange.follower import Follower
from weft.exchange.following import Following, at_once
from weft.exchange.source import HttpSource
from weft.inbox.settle import Inbox
from weft.protocol.names import Feed
from weft.protocol.refusals import Refusal
from weft.protocol.signing import VerifyKey
from weft.tasks import cancelled, supervised
from weft.wiring import HINTS, Wiring

log = structlog.get_logger("weft.subscriptions")

LOOK_SECONDS = 5.0
LATER_SECONDS = 0.03
"""So much later a patient reader takes up a hint: what makes the record readable has the processor first."""
POLL_SECONDS = 30.0
"""Where hints come within the process, so that none is lost."""


class Held(msgspec.Struct, frozen=True):
    """A feed that sync holds, and the keys that sign it, in hexadecimal."""

    feed: str
    keys: list[str]


class Subscriptions:
    """`services`: whose feeds are wanted. `own`: feeds of this node, read from the service that seals them.

    `patient`: other services of this process, which make records readable, go first while there is much to take over.
    `applied`: told of each feed of which something was taken over.
    """

    def __init__(
        self,
        wiring: Wiring,
        service: str,
        database: Database,
        inbox: Inbox,
        *,
        services: Iterable[str],
        own: Iterable[Feed] = (),
        patient: bool = False,
        applied: Callable[[Feed], None] = lambda _: None,
    ) -> None:
        self._wiring = wiring
        self._service = service
        self._database = database
        self._inbox = inbox
        self._services = frozenset(services)
        self._own = tuple(own)
        self._patient = patient
        self._applied = applied
        self._tasks: dict[Feed, asyncio.Task[None]] = {}
        self._unknown = asyncio.Event()
        self.followers: dict[Feed, Follower] = {}

    async def run(self) -> None:
        """Follow until cancelled."""
        sync = self._wiring.client("sync", self._service)
        clients = {name: self._wiring.client(name, self._service) for name in {feed.service for feed in self._own}}
        whole = self._wiring.whole
        self._wiring.listeners.append(self._hinted)
        if not self._patient:
            self._wiring.backlogs.append(self._behind)
        listening = [] if whole else [asyncio.create_task(self._listen())]
        try:
            for feed in self._own:
                self._follow(feed, clients[feed.service], self._wiring.keys.verifying)
            while True:
                self._unknown.clear()
                await self._look(sync)
                await heard(self._unknown, LOOK_SECONDS)
        finally:
            self._wiring.listeners.remove(self._hinted)
            if not self._patient:
                self._wiring.backlogs.remove(self._behind)
            await cancelled([*listening, *self._tasks.values()])
            self._tasks.clear()
            self.followers.clear()
            for client in (sync, *clients.values()):
                await client.aclose()

    async def _look(self, sync: httpx.AsyncClient) -> None:
        """Take up the feeds that are new at sync."""
        try:
            answer = await sync.get("/internal/feeds")
            answer.raise_for_status()
            held = [
                (Feed.parse(item.feed), [VerifyKey.from_hex(key) for key in item.keys])
                for item in msgspec.json.decode(answer.content, type=list[Held])
            ]
        except (httpx.HTTPError, msgspec.DecodeError, Refusal, KeyError) as error:
            log.info("sync does not say yet what it holds", why=str(error))
            return
        for feed, keys in held:
            if feed.service in self._services and feed not in self.followers:
                self._follow(feed, sync, {key.fingerprint: key for key in keys})

    def _follow(self, feed: Feed, client: httpx.AsyncClient, keys: dict[str, VerifyKey]) -> None:
        following = Following(
            feed=feed,
            source=HttpSource(client),
            keys=keys,
            holder_keys=self._wiring.keys.verifying,
            database=self._database,
            inbox=self._inbox,
            service=self._service,
            rereads=True,
            poll_seconds=POLL_SECONDS if self._wiring.whole else self._wiring.settings.poll_seconds,
            applied=self._applied,
            patience=self._wiring.patience if self._patient else at_once,
            hinted=lambda: self._wiring.whole or self._wiring.bus.connected,
        )
        follower = Follower(following)
        self.followers[feed] = follower
        self._tasks[feed] = asyncio.create_task(supervised(str(feed), follower.run))

    async def _listen(self) -> None:
        """Hints from other processes of the node; an empty one says that some may have been missed."""
        async for payload in self._wiring.bus.listen(HINTS):
            if payload:
                try:
                    self._hinted(Feed.parse(payload.decode("utf-8", "replace")))
                except Refusal as error:
                    log.warning("a hint that names no feed", why=error.why)
            else:
                self._unknown.set()
                for follower in list(self.followers.values()):
                    follower.nudge()

    def _behind(self) -> int:
        return sum(follower.progress.behind_changes or 0 for follower in self.followers.values())

    def _hinted(self, feed: Feed) -> None:
        """Look at a feed that has something new; one that we do not follow yet is taken up."""
        if feed in self.followers:
            later = LATER_SECONDS if self._patient else 0
            asyncio.get_running_loop().call_later(later, self.followers[feed].nudge)
        elif feed.origin != self._wiring.node and feed.service in self._services:
            self._unknown.set()

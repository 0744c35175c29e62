"""A service that owns records: its database, its incarnation, what it serves, and what runs beside its requests."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from sqlmodel import Session

from weft.clock import utc_now
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.exchange.bell import SHOWN, Bell
from weft.exchange.routes import Shelf
from weft.exchange.subscriptions import Subscriptions
from weft.identity import Caller, Role
from weft.inbox.effects import Projection
from weft.inbox.settle import Inbox
from weft.journal import readers, removed, seal
from weft.journal.incarnation import Incarnation, begin
from weft.log.models import FeedRow
from weft.origin.colleagues import Colleagues
from weft.origin.duty import Duty
from weft.origin.embargoes import Embargoes
from weft.origin.haste import Haste
from weft.origin.publisher import Publisher
from weft.origin.sequencer import Sequencer
from weft.problems import Forbidden, NotFound, Unavailable
from weft.protocol.frames import Body
from weft.protocol.names import LOCAL, NETWORK, Feed, Key, Version
from weft.protocol.statements import Change
from weft.records import changes
from weft.records.sight import Sight
from weft.tasks import running
from weft.wiring import Wiring

Follow = Callable[[Session, Incarnation], int]


class OriginService:
    """`projection` carries out what peers' feeds of the same service change here.

    `follow` brings the service's own tables after changes that the journal made by itself, such as the removal of a
    peer from audiences: it is called until it returns 0.
    """

    def __init__(self, wiring: Wiring, name: str, *, migrations: Path, projection: Projection, follow: Follow) -> None:
        self.name = name
        self.wiring = wiring
        self.bell = Bell()
        wiring.stopping.append(self.bell.close)
        self._migrations = migrations
        self._follow = follow
        self.inbox = Inbox(projection)
        self.database = Database(wiring.settings.database(name))
        self.shelf = Shelf(self.database, wiring.keys.identity, self._bodies, self.bell, self._since)
        self.publisher = Publisher(self.database, wiring.node, wiring.bus, wiring.hint)
        self.subscriptions = Subscriptions(
            wiring, name, self.database, self.inbox, services=[name], applied=lambda _: self.bell.ring(SHOWN)
        )
        self.colleagues = Colleagues(wiring, name, self.bell, self._journalled)
        self.duty = Duty(self.database)
        self._incarnation: Incarnation | None = None
        self._sequencer: Sequencer | None = None
        self._haste: Haste | None = None

    @property
    def incarnation(self) -> Incarnation:
        if self._incarnation is None:
            raise Unavailable(f"{self.name} is starting")
        return self._incarnation

    def ring(self) -> None:
        """Something was journalled, and is shown: seal it, here or where another worker is on duty."""
        self.colleagues.tell()
        self._journalled()

    def _journalled(self) -> None:
        self.bell.ring(SHOWN)
        if self._sequencer is not None:
            self._sequencer.ring()

    @property
    def knows(self) -> Callable[[Session, Key, Version, Sight], bool]:
        """Whether a change is taken over here: what is shown is what is answered."""
        return changes.knows

    def ready(self) -> dict[str, str]:
        return {} if self._incarnation else {"epoch": "not begun"}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Migrate, begin an epoch (rule 8), then seal, publish and follow until the end, while on duty."""
        upgrade(self.database, *KERNEL.values(), self._migrations)
        epoch = await self.database.write(begin, secrets.randbits(32), utc_now())
        us = Incarnation(self.wiring.node, self.name, epoch, self.wiring.keys.identity)
        await self.database.write(seal.own_feeds, us)
        while await self.database.write(self._follow, us):
            pass
        self._incarnation = us
        self._haste = Haste(self.database, us, self.ring)
        self._sequencer = Sequencer(self.database, us, self.bell, self.publisher.sealed)
        self._sequencer.ring()
        embargoes = Embargoes(self.database, us, self._follow, self.ring)
        try:
            on_duty = partial(
                self.duty.run,
                sequencer=self._sequencer.run,
                embargoes=embargoes.run,
                publisher=self.publisher.run,
                subscriptions=self.subscriptions.run,
            )
            async with running(duty=on_duty, colleagues=self.colleagues.run, haste=self._haste.run):
                yield
            while await self.duty.take() and await self._sequencer.end_once():
                pass
            await self.duty.release()
        finally:
            self._incarnation = None
            self.database.close()

    async def admit(self, name: str, identity: str) -> None:
        """Let an approved peer read our feeds, at the broker too."""
        await self.database.write(readers.admit, self.incarnation, name, identity)
        self.publisher.admitted()

    async def remove(self, name: str) -> None:
        await self.database.write(readers.remove, self.incarnation, name)
        while await self.database.write(self._follow, self.incarnation):
            pass
        self.bell.ring(SHOWN)
        self.publisher.sealed(Feed(self.wiring.node, self.name, NETWORK))

    def _bodies(self, session: Session, row: FeedRow, changes: Sequence[Change]) -> dict[int, Body] | None:
        """The bodies that may leave now. A reader that cannot go on because a deletion waits does not wait with it."""
        bodies = seal.current_bodies(session, row, changes)
        if bodies is None and self._haste is not None:
            self._haste.ask(removed.waiting(session, {change.name for change in changes}))
        return bodies

    def _since(self, session: Session, caller: Caller, feed: Feed) -> int:
        """From which sequence a caller may read one of our feeds; what is not for it looks like what is not there."""
        if (feed.origin, feed.service) != (self.wiring.node, self.name):
            raise NotFound(f"the feed {feed} is not sealed here")
        if caller.role is Role.SERVICE:
            return 0
        if caller.role is not Role.PEER or feed.audience == LOCAL or feed.audience not in {NETWORK, caller.name}:
            raise NotFound(f"the feed {feed} is not for you")
        try:
            return readers.since(session, caller.name, caller.identity, feed.audience)
        except Forbidden:
            raise NotFound(f"the feed {feed} is not for you") from None

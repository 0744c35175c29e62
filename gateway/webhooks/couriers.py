"""Couriers: each webhook has one, which waits for changes at the webhook's sight and delivers them in order.

A cursor moves in the database after the receiver has said yes and not before: what was not taken is sent again.
"""

import asyncio
import secrets
from datetime import UTC, datetime
from functools import partial

import structlog

from gateway.changes.cursor import Cursor
from gateway.changes.gather import Asked, Page, gathered
from gateway.models import WebhookRow
from gateway.upstream import Upstreams
from gateway.webhooks import message, store
from gateway.webhooks.addresses import Addresses
from gateway.webhooks.message import Message
from gateway.webhooks.store import Verdict
from weft.clock import stamp
from weft.database import Database
from weft.identity import Caller, Role
from weft.problems import Unavailable
from weft.records.changelog import CursorGone
from weft.tasks import cancelled
from weft.web.metrics import WEBHOOK_DELIVERIES
from weft.wiring import Wiring

log = structlog.get_logger("weft.gateway.webhooks")

LOOK_SECONDS = 2.0
WAIT_SECONDS = 25
AT_ONCE = 8
BATCH = 100
BATCH_WITH_RECORDS = 20


class Couriers:
    """`working` runs for ever; `look` says that a webhook was made or has come back."""

    def __init__(self, wiring: Wiring, database: Database, upstreams: Upstreams) -> None:
        self._node = wiring.node
        self._internal = wiring.keys.internal
        self.addresses = Addresses(wiring.settings.webhook_networks)
        self._database = database
        self._upstreams = upstreams
        self._name = secrets.token_hex(8)
        self._posting = asyncio.Semaphore(AT_ONCE)
        self._something = asyncio.Event()
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def look(self) -> None:
        self._something.set()

    def secret(self, webhook: str) -> str:
        return message.secret_of(self._internal, webhook)

    async def working(self) -> None:
        """See that whatever is due has its courier."""
        try:
            while True:
                self._something.clear()
                for id_ in await self._database.read(store.due, self._name, datetime.now(UTC)):
                    if id_ not in self._under_way:
                        task = self._under_way[id_] = asyncio.create_task(self._carry(id_), name=f"webhook {id_}")
                        task.add_done_callback(partial(self._ended, id_))
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._something.wait()
                except TimeoutError:
                    continue
        finally:
            await cancelled(list(self._under_way.values()))
            await self._database.write(store.release, self._name)

    def _ended(self, id_: str, _: "asyncio.Task[None]") -> None:
        self._under_way.pop(id_, None)

    async def _carry(self, id_: str) -> None:
        """Deliver to one webhook until it fails, is disabled or is deleted."""
        try:
            while row := await self._database.write(store.hold, id_, self._name, datetime.now(UTC)):
                if not await self._next(row):
                    return
        except Unavailable as problem:
            log.info("changes cannot be read for a webhook now", webhook=id_, why=problem.detail)
        except Exception:
            log.exception("a courier failed of a bug", webhook=id_)

    async def _next(self, row: WebhookRow) -> bool:
        """Wait for the next changes and deliver them; whether to go on."""
        anew = row.cursor == ""
        try:
            page = await self._page(row, row.cursor)
        except CursorGone:
            anew, page = True, await self._page(row, "")
        if not page.items:
            return True
        made = message.changes(row.id, page, node=self._node, anew=anew, at=stamp(datetime.now(UTC)))
        verdict = await self.deliver(row, made)
        return await self._database.write(store.settle, row, made, verdict, str(page.next), datetime.now(UTC))

    async def _page(self, row: WebhookRow, cursor: str) -> Page:
        limit = BATCH_WITH_RECORDS if row.records else BATCH
        asked = Asked(Cursor.parse(cursor), store.names(row.kinds), limit, row.records, WAIT_SECONDS)
        return await gathered(self._upstreams, sight(row), asked)

    async def deliver(self, row: WebhookRow, made: Message) -> Verdict:
        """One attempt."""
        from gateway.webhooks.wire import GONE, post  # not loaded where no webhook is: see there

        now = int(datetime.now(UTC).timestamp())
        async with self._posting:
            outcome = await post(self.addresses, row.url, made, message.headers(made, self.secret(row.id), now))
        WEBHOOK_DELIVERIES.labels("delivered" if outcome.good else "failed").inc()
        return Verdict(outcome.status, outcome.error, outcome.milliseconds, gone=outcome.status == GONE)


def sight(row: WebhookRow) -> Caller:
    """As whom a webhook's changes are read: never more than was chosen when it was made."""
    return Caller(f"webhook {row.id}", Role(row.role))

"""The routes of webhooks, for operators. Endpoints only join what a request says to what is done."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway.changes.api import known
from gateway.changes.cursor import Cursor
from gateway.changes.gather import Asked, gathered
from gateway.gate import TheGate
from gateway.models import WebhookRow
from gateway.webhooks import message, store
from gateway.webhooks.couriers import sight
from gateway.webhooks.schemas import Deliveries, Delivery, Id, Webhook, WebhookIn, WebhookMade, Webhooks
from weft.clock import utc_now
from weft.identity import Role, require

PATH = "/api/v1/webhooks"


async def _operator(request: Request) -> str:
    return require(request, Role.OPERATOR).name


async def _unkept(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


Operator = Annotated[str, Depends(_operator)]
router = APIRouter(prefix=PATH, tags=["webhooks"], dependencies=[Depends(_operator), Depends(_unkept)])


@router.get("", summary="List the webhooks of this node")
async def listed(gate: TheGate) -> Webhooks:
    rows = await gate.database.read(store.listed)
    return Webhooks(items=[_shown(row) for row in rows], total=len(rows))


@router.post("", status_code=201, summary="Make a webhook; its secret is shown this once")
async def made(gate: TheGate, operator: Operator, asked: WebhookIn, response: Response) -> WebhookMade:
    kinds = known(asked.kinds)
    await gate.couriers.addresses.destination(asked.url)
    told = asked.model_dump(exclude={"kinds", "since"})
    row = WebhookRow(
        **told, id="", kinds=",".join(kinds), cursor=asked.since, created_at=utc_now(), created_by=operator
    )
    if asked.since:
        await gathered(gate.upstreams, sight(row), Asked(Cursor.parse(asked.since), kinds, limit=2))
    row = await gate.database.write(store.make, row)
    gate.couriers.look()
    response.headers["Location"] = f"{PATH}/{row.id}"
    return WebhookMade(**_shown(row).model_dump(), secret=gate.couriers.secret(row.id))


@router.get("/{id}", summary="Read a webhook: how far it has been told, and whether it fails")
async def read(gate: TheGate, id: Id) -> Webhook:
    return _shown(await gate.database.read(store.find, id))


@router.delete("/{id}", status_code=204, summary="Delete a webhook")
async def deleted(gate: TheGate, id: Id) -> None:
    await gate.database.write(store.remove, id)


@router.post("/{id}/test", summary="Send a message that is none; a good answer ends a failure")
async def tested(gate: TheGate, id: Id) -> Delivery:
    row = await gate.database.read(store.find, id)
    trial = message.trial(row.id, node=gate.wiring.node, at=utc_now())
    verdict = await gate.couriers.deliver(row, trial)
    attempt = await gate.database.write(store.revive, id, trial, verdict, datetime.now(UTC))
    gate.couriers.look()
    return Delivery.model_validate(attempt.model_dump())


@router.get("/{id}/deliveries", summary="The last attempts to deliver, the newest first")
async def deliveries(gate: TheGate, id: Id) -> Deliveries:
    rows = await gate.database.read(store.deliveries, id)
    return Deliveries(items=[Delivery.model_validate(row.model_dump()) for row in rows], total=len(rows))


def _shown(row: WebhookRow) -> Webhook:
    told = row.model_dump(exclude={"number", "holder", "held_until", "kinds", "disabled", "next_at"})
    state = "disabled" if row.disabled else "failing" if row.failures else "active"
    return Webhook(
        **told,
        kinds=list(store.names(row.kinds)),
        state=state,
        disabled=row.disabled or None,
        next_at=row.next_at or None,
    )

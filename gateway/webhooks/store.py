"""Webhooks in the gateway's database: making, holding and settling them, and what was tried."""

import random
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, or_, update
from sqlmodel import Session, col, select

from gateway.models import DeliveryRow, WebhookRow
from gateway.webhooks.message import Message
from weft.clock import stamp
from weft.problems import NotFound, Problem

MOST = 50
KEPT_DELIVERIES = 100
HELD_SECONDS = 120
FAILING_DAYS = 5
FIRST_WAIT_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 3_600.0


class Enough(Problem):
    status, code, title = 409, "enough-webhooks", "This node has as many webhooks as it takes"
    hint = "Delete one that is not needed."


class Verdict(NamedTuple):
    """What an attempt came to. `why`: empty where it was good. `gone`: the receiver wants no more."""

    status: int
    why: str
    milliseconds: int
    gone: bool = False


def make(session: Session, row: WebhookRow) -> WebhookRow:
    """A new webhook.

    Raises:
        Enough: there are so many that another would slow the others down.
    """
    if session.exec(select(func.count()).select_from(WebhookRow)).one() >= MOST:
        raise Enough(f"there are {MOST}")
    row.id = secrets.token_hex(6)
    session.add(row)
    session.flush()
    return row


def find(session: Session, id_: str) -> WebhookRow:
    """Raises NotFound: there is no such webhook."""
    row = session.exec(select(WebhookRow).where(WebhookRow.id == id_)).first()
    if row is None:
        raise NotFound(f"there is no webhook {id_}")
    return row


def listed(session: Session) -> list[WebhookRow]:
    return list(session.exec(select(WebhookRow).order_by(col(WebhookRow.number))))


def remove(session: Session, id_: str) -> None:
    """Raises NotFound: there is no such webhook."""
    session.delete(find(session, id_))
    session.connection().execute(delete(DeliveryRow).where(col(DeliveryRow.webhook) == id_))


def deliveries(session: Session, id_: str) -> list[DeliveryRow]:
    """What was tried, the newest first."""
    find(session, id_)
    newest = select(DeliveryRow).where(DeliveryRow.webhook == id_).order_by(col(DeliveryRow.number).desc())
    return list(session.exec(newest.limit(KEPT_DELIVERIES)))


def due(session: Session, holder: str, now: datetime) -> list[str]:
    """Webhooks that may be told something and that no other holds."""
    at = stamp(now)
    free = or_(col(WebhookRow.held_until) <= at, col(WebhookRow.holder) == holder)
    waiting = select(WebhookRow.id).where(WebhookRow.disabled == "", col(WebhookRow.next_at) <= at, free)
    return list(session.exec(waiting.order_by(col(WebhookRow.number))))


def hold(session: Session, id_: str, holder: str, now: datetime) -> WebhookRow | None:
    """The webhook, held by this one for a while; nothing where another holds it or nothing is due."""
    row, at = session.exec(select(WebhookRow).where(WebhookRow.id == id_).with_for_update()).first(), stamp(now)
    if row is None or row.disabled or row.next_at > at or (row.holder != holder and row.held_until > at):
        return None
    row.holder, row.held_until = holder, stamp(now + timedelta(seconds=HELD_SECONDS))
    session.add(row)
    return row


def release(session: Session, holder: str) -> None:
    """Let go of all that this one holds."""
    mine = update(WebhookRow).where(col(WebhookRow.holder) == holder)
    session.connection().execute(mine.values(holder="", held_until=""))


def settle(session: Session, row: WebhookRow, message: Message, verdict: Verdict, next_: str, now: datetime) -> bool:
    """Write down what became of a delivery; whether the cursor has moved on.

    Where another has moved the cursor meanwhile, that one's word counts: a change may be told twice, never not at all.
    """
    current = session.exec(select(WebhookRow).where(WebhookRow.id == row.id).with_for_update()).first()
    if current is None:
        return False
    record(session, row.id, message, verdict, now)
    if current.cursor != row.cursor:
        return False
    if not verdict.why:
        _delivered(current, next_, now)
    else:
        _failed(current, verdict, now)
    session.add(current)
    return not verdict.why


def revive(session: Session, id_: str, message: Message, verdict: Verdict, now: datetime) -> DeliveryRow:
    """Write down what became of a trial; a good one ends a failure and takes up deliveries again."""
    row = find(session, id_)
    attempt = record(session, id_, message, verdict, now)
    if not verdict.why:
        row.disabled, row.failures, row.failing_since, row.next_at = "", 0, None, ""
        session.add(row)
    return attempt


def record(session: Session, id_: str, message: Message, verdict: Verdict, now: datetime) -> DeliveryRow:
    """Keep this attempt among the last ones."""
    attempt = DeliveryRow(
        webhook=id_,
        message=message.id,
        at=stamp(now),
        changes=message.changes,
        status=verdict.status,
        error=verdict.why,
        milliseconds=verdict.milliseconds,
    )
    session.add(attempt)
    session.flush()
    number, of_it = col(DeliveryRow.number), col(DeliveryRow.webhook) == id_
    too_old = select(DeliveryRow.number).where(of_it).order_by(number.desc()).offset(KEPT_DELIVERIES)
    last = session.exec(too_old.limit(1)).first()
    if last is not None:
        session.connection().execute(delete(DeliveryRow).where(of_it, number <= last))
    return attempt


def _delivered(row: WebhookRow, next_: str, now: datetime) -> None:
    row.cursor, row.delivered_at = next_, stamp(now)
    row.failures, row.failing_since, row.next_at = 0, None, ""


def _failed(row: WebhookRow, verdict: Verdict, now: datetime) -> None:
    row.failures += 1
    row.failing_since = row.failing_since or stamp(now)
    row.next_at = stamp(now + timedelta(seconds=wait(row.failures)))
    if verdict.gone:
        row.disabled = "the receiver answered 410: it wants no more"
    elif datetime.fromisoformat(row.failing_since) <= now.astimezone(UTC) - timedelta(days=FAILING_DAYS):
        row.disabled = f"it has failed for {FAILING_DAYS} days; the last time: {verdict.why}"


def wait(failures: int) -> float:
    """How long to wait after so many failures: doubled each time up to an hour, and spread so that not all come at once."""
    longest = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(failures - 1, 20))
    return random.uniform(longest / 2, longest)  # noqa: S311 - it spreads load and guards nothing


def names(kinds: str) -> Sequence[str]:
    return tuple(kind for kind in kinds.split(",") if kind)

"""Verifying on demand: every copy of this node counted again from its rows, and compared with its holder's digest."""

import secrets

import httpx
import msgspec
from sqlmodel import Session

from services.sync.link import Link
from services.sync.schemas import Check
from weft.database import Database
from weft.exchange.progress import Recount, recounts
from weft.log import feeds
from weft.protocol import frames
from weft.protocol.commits import open_head
from weft.protocol.digest import BUCKETS
from weft.protocol.names import Feed
from weft.protocol.refusals import Refusal


class _Buckets(msgspec.Struct):
    cursor: str
    digest: str
    buckets: list[tuple[int, str]]


async def peers_feeds(database: Database, links: dict[str, Link]) -> list[Check]:
    """Sync's copies against their origins. A copy behind its origin's head is neither equal nor wrong: it says so."""
    ours = {item.feed: item for item in await database.read(recounts)}
    checks: list[Check] = []
    for link in links.values():
        for feed in link.feeds:
            checks.append(await _against_origin(database, link, feed, ours.get(str(feed))))
    return checks


async def _against_origin(database: Database, link: Link, feed: Feed, ours: Recount | None) -> Check:
    if ours is None:
        return Check(
            service="sync", feed=str(feed), applied="", holder=None, recounted="", equal=False, why="not read yet"
        )
    check = Check(
        service="sync", feed=str(feed), applied=ours.applied, holder=None, recounted=ours.recounted, equal=False
    )
    if ours.kept != ours.recounted:
        return check.model_copy(update={"why": "the rows here do not add up to the digest that is kept"})
    try:
        nonce = secrets.token_hex(16)
        answer = await link.client.get(f"/feeds/{feed}/head", params={"nonce": nonce}, timeout=10)
        answer.raise_for_status()
        key = link.peer.key
        head = open_head(frames.parse(answer.content), feed=feed, keys={key.fingerprint: key}, nonce=nonce).head
    except (httpx.HTTPError, Refusal) as error:
        return check.model_copy(update={"why": f"the origin gives no head: {type(error).__name__}: {error}"})
    check = check.model_copy(update={"holder": str(head.cursor)})
    if str(head.cursor) != ours.applied:
        return check.model_copy(update={"why": "behind the origin's head"})
    if head.digest == ours.recounted:
        return check.model_copy(update={"equal": True})
    differing = await _differing(database, link, feed, ours)
    return check.model_copy(update={"why": "the digest differs from the origin's", "buckets": differing})


async def _differing(database: Database, link: Link, feed: Feed, ours: Recount) -> list[int]:
    """The buckets in which our rows differ from the origin's; empty when it gives none at our cursor."""
    try:
        answer = await link.client.get(f"/feeds/{feed}/digest", timeout=10)
        answer.raise_for_status()
        theirs = msgspec.json.decode(answer.content, type=_Buckets)
    except (httpx.HTTPError, msgspec.DecodeError):
        return []

    def compare(session: Session) -> list[int]:
        row = feeds.find(session, feed)
        counted = feeds.recount(session, row).buckets() if row else []
        return [at for at, pair in enumerate(counted) if pair != theirs.buckets[at]]

    return await database.read(compare) if theirs.cursor == ours.applied and len(theirs.buckets) == BUCKETS else []


async def services(database: Database, clients: dict[str, httpx.AsyncClient]) -> list[Check]:
    """The services' copies against sync's."""
    ours = {item.feed: item for item in await database.read(recounts)}
    checks: list[Check] = []
    for service, client in clients.items():
        try:
            answer = await client.get("/internal/recounts", timeout=60)
            answer.raise_for_status()
            told = msgspec.json.decode(answer.content, type=list[Recount])
        except (httpx.HTTPError, msgspec.DecodeError, KeyError) as error:
            why = f"no answer: {type(error).__name__}: {error}"
            checks.append(Check(service=service, feed="", applied="", holder=None, recounted="", equal=False, why=why))
            continue
        checks += [_against_sync(service, item, held) for item in told if (held := ours.get(item.feed))]
    return checks


def _against_sync(service: str, item: Recount, held: Recount) -> Check:
    why = ""
    if item.kept != item.recounted:
        why = "the rows here do not add up to the digest that is kept"
    elif item.applied != held.applied:
        why = "behind sync"
    elif item.recounted != held.recounted:
        why = "the digest differs from sync's"
    return Check(
        service=service,
        feed=item.feed,
        applied=item.applied,
        holder=held.applied,
        recounted=item.recounted,
        equal=not why,
        why=why,
    )

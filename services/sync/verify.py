"""Verifying on demand: every copy of this node counted again from its rows, and compared with its holder's digest."""

import secrets

import httpx
import msgspec

from services.sync.link import Link
from services.sync.narrow import Ours, Side, Theirs, narrow
from services.sync.schemas import Check
from weft.database import Database
from weft.exchange.progress import Recount, recounts
from weft.protocol import frames
from weft.protocol.commits import open_head
from weft.protocol.names import Feed
from weft.protocol.refusals import Refusal

ALTERED = "the rows here do not add up to the digest that is kept"


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
    try:
        nonce = secrets.token_hex(16)
        answer = await link.client.get(f"/feeds/{feed}/head", params={"nonce": nonce}, timeout=10)
        answer.raise_for_status()
        key = link.peer.key
        head = open_head(frames.parse(answer.content), feed=feed, keys={key.fingerprint: key}, nonce=nonce).head
    except (httpx.HTTPError, Refusal) as error:
        why = ALTERED if ours.kept != ours.recounted else f"the origin gives no head: {type(error).__name__}: {error}"
        return check.model_copy(update={"why": why})
    check = check.model_copy(update={"holder": str(head.cursor)})
    why = _why(ours, str(head.cursor), head.digest, "the origin")
    theirs = Theirs(link.client, f"/feeds/{feed}/digest")
    return check.model_copy(update=await _outcome(why, feed, Ours(database, feed), theirs))


def _why(copy: Recount, cursor: str, digest: str, holder: str) -> str:
    """What is wrong with a copy against its holder; empty when they are equal."""
    if copy.kept != copy.recounted:
        return ALTERED
    if copy.applied != cursor:
        return f"behind {holder}"
    return "" if copy.recounted == digest else f"the digest differs from that of {holder}"


async def _outcome(why: str, feed: Feed, copy: Side, holder: Side) -> dict[str, object]:
    """What a check comes to, narrowed to keys where the copies differ."""
    if not why or why.startswith("behind"):
        return {"equal": not why, "why": why}
    try:
        found = await narrow(feed.origin, copy, holder)
    except (httpx.HTTPError, msgspec.DecodeError, KeyError) as error:
        return {"equal": False, "why": f"{why}; not narrowed: {type(error).__name__}"}
    return {"equal": False, "why": why, "buckets": found.buckets, "keys": found.keys}


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
        for item in told:
            if held := ours.get(item.feed):
                checks.append(await _against_sync(database, service, client, item, held))
    return checks


async def _against_sync(
    database: Database, service: str, client: httpx.AsyncClient, item: Recount, held: Recount
) -> Check:
    feed = Feed.parse(item.feed)
    check = Check(
        service=service,
        feed=item.feed,
        applied=item.applied,
        holder=held.applied,
        recounted=item.recounted,
        equal=False,
    )
    why = _why(item, held.applied, held.recounted, "sync")
    copy = Theirs(client, f"/internal/recounts/{feed}")
    return check.model_copy(update=await _outcome(why, feed, copy, Ours(database, feed)))

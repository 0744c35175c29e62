"""Status: what this node knows of its copies. Unknown is told as unknown, never as good."""

import time
from collections.abc import Mapping

import httpx
import msgspec
from sqlmodel import Session

from services.sync.link import Link
from services.sync.models import PeerRow
from services.sync.schemas import Copy, FeedStatus, NetworkNode, Refusal
from weft.exchange.follower import Follower
from weft.exchange.progress import Progress
from weft.exchange.states import State
from weft.inbox import refusals
from weft.wiring import Wiring

READING = ("catalog", "indicators", "search")


def feed_status(peer: str, follower: Follower) -> FeedStatus:
    at = follower.progress
    return FeedStatus(
        feed=str(follower.feed),
        peer=peer,
        state=at.state,
        since=at.since,
        why=at.why,
        applied=str(at.cursor),
        digest=at.digest,
        count=at.count,
        head=str(at.head.cursor) if at.head else None,
        behind_commits=at.behind,
        behind_changes=at.behind_changes,
        behind_seconds=at.behind_seconds(time.monotonic()),
        equal_at=at.equal_at,
        attempted_at=at.attempted_at,
        succeeded_at=at.succeeded_at,
        refused=at.refused,
    )


def feed_statuses(links: Mapping[str, Link]) -> list[FeedStatus]:
    return [feed_status(name, follower) for name, link in links.items() for follower in link.followers.values()]


def refused(session: Session) -> list[Refusal]:
    return [Refusal(feed=row.feed, code=row.code, why=row.why, at=row.at) for row in refusals.listed(session)]


async def copies(wiring: Wiring, clients: Mapping[str, httpx.AsyncClient]) -> list[Copy]:
    """What the services of this node say of their copies; one that does not answer is told as such."""
    told: list[Copy] = []
    for service, client in clients.items():
        try:
            answer = await client.get("/internal/progress", timeout=5)
            answer.raise_for_status()
            for item in msgspec.json.decode(answer.content, type=list[Progress]):
                told.append(_copy(service, item))
        except (httpx.HTTPError, msgspec.DecodeError, KeyError) as error:
            told.append(_silent(service, f"{type(error).__name__}: {error}"))
    return told


def _copy(service: str, item: Progress) -> Copy:
    equal = item.state == State.LIVE and item.head == item.applied and item.head_digest == item.digest
    return Copy(
        service=service,
        feed=item.feed,
        state=State(item.state),
        applied=item.applied,
        digest=item.digest,
        equal=equal,
        why=item.why,
    )


def _silent(service: str, why: str) -> Copy:
    return Copy(service=service, feed="", state=State.UNREACHABLE, applied="", digest="", equal=False, why=why)


def equal(statuses: list[FeedStatus], told: list[Copy]) -> bool:
    """Whether every feed is live at its origin's head with its digest, and every service has what sync has."""
    held = {status.feed: (status.applied, status.digest) for status in statuses}
    fresh = all(
        item.state is State.LIVE and item.head == item.applied and item.equal_at is not None for item in statuses
    )
    carried = all(
        item.equal and (item.feed not in held or held[item.feed] == (item.applied, item.digest)) for item in told
    )
    complete = all(
        any(item.service == service and item.feed == feed for item in told)
        for feed in held
        for service in READING
        if feed.split("/")[1] == ("catalog" if service == "search" else service)
    )
    return fresh and carried and complete


def network_nodes(wiring: Wiring, peers: list[PeerRow], links: Mapping[str, Link]) -> list[NetworkNode]:
    """Who takes part, and how fresh this node's copy of each is; the worst of its feeds decides."""
    ours = NetworkNode(
        name=wiring.node,
        title=wiring.settings.title,
        url=wiring.settings.public_url,
        ours=True,
        state=State.LIVE,
        behind_commits=0,
        behind_seconds=0,
        succeeded_at=None,
        records=None,
    )
    return [ours, *(_network_node(peer, links.get(peer.name)) for peer in peers)]


def _network_node(peer: PeerRow, link: Link | None) -> NetworkNode:
    told = [feed_status(peer.name, follower) for follower in link.followers.values()] if link else []
    troubled = [item for item in told if item.state is not State.LIVE]
    behind = [item.behind_commits for item in told]
    ages = [item.behind_seconds for item in told]
    return NetworkNode(
        name=peer.name,
        title=peer.title,
        url=peer.url,
        ours=False,
        state=troubled[0].state if troubled else State.LIVE if told else State.PENDING,
        behind_commits=None if not told or None in behind else sum(item or 0 for item in behind),
        behind_seconds=None if not told or None in ages else max(item or 0 for item in ages),
        succeeded_at=min((item.succeeded_at for item in told if item.succeeded_at), default=None),
        records=sum(item.count for item in told) if told else None,
    )

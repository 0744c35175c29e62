"""What a service tells its node of its copies: how far each is, and, on demand, what its rows really add up to."""

import msgspec
from fastapi import APIRouter, Request, Response
from sqlmodel import Session
from sqlmodel import select as select_rows

from weft.exchange.follower import Follower
from weft.identity import Role, require
from weft.log import feeds, serve
from weft.log.models import FeedRow
from weft.protocol.digest import Digest
from weft.protocol.names import Feed

router = APIRouter(prefix="/internal", include_in_schema=False)


class Progress(msgspec.Struct, frozen=True):
    """A follower's progress. `head` and `behind` are against what its holder last said; None: not known."""

    feed: str
    state: str
    since: str
    why: str
    applied: str
    digest: str
    head: str | None
    head_digest: str | None
    equal_at: str | None


class Recount(msgspec.Struct, frozen=True):
    """A copy's kept digest and the one that its ledger's rows add up to, at a cursor."""

    feed: str
    applied: str
    kept: str
    recounted: str


def progress_of(follower: Follower) -> Progress:
    at = follower.progress
    return Progress(
        feed=str(follower.feed),
        state=at.state.value,
        since=at.since,
        why=at.why,
        applied=str(at.cursor),
        digest=at.digest,
        head=str(at.head.cursor) if at.head else None,
        head_digest=at.head.digest if at.head else None,
        equal_at=at.equal_at,
    )


def stored(session: Session, besides: str) -> list[Progress]:
    """Progress as the database has it, at a worker whose colleague follows: up to its last commit, whatever came since.

    Whether that is all that sync has, sync sees by comparing it with its own.
    """
    rows = session.exec(select_rows(FeedRow).order_by(FeedRow.name)).all()
    return [_stored(row) for row in rows if row.feed.origin != besides]


def _stored(row: FeedRow) -> Progress:
    at, digest = str(row.cursor), Digest.from_bytes(row.digest).hex
    return Progress(
        str(row.name), row.state, row.since, row.why, at, digest, head=at, head_digest=digest, equal_at=None
    )


def recounts(session: Session, besides: str = "") -> list[Recount]:
    """Every copy here counted again from its rows; `besides`: an origin whose own feeds are no copies."""
    rows = session.exec(select_rows(FeedRow).order_by(FeedRow.name)).all()
    return [
        Recount(row.name, str(row.cursor), Digest.from_bytes(row.digest).hex, feeds.recount(session, row).hex)
        for row in rows
        if row.feed.origin != besides
    ]


@router.get("/progress")
async def progress(request: Request) -> Response:
    require(request, Role.SERVICE)
    node = request.app.state.node
    followers: dict[Feed, Follower] = node.subscriptions.followers
    told = [progress_of(follower) for follower in followers.values()]
    if not told:
        told = await node.database.read(stored, node.wiring.node)
    return Response(msgspec.json.encode(told), media_type="application/json")


class Counted(msgspec.Struct, frozen=True):
    """A copy's buckets as its rows add up, at its cursor: at different cursors a difference means nothing."""

    cursor: str
    buckets: list[tuple[int, str]]


@router.get("/recounts/{origin}/{service}/{audience}")
async def buckets(request: Request, origin: str, service: str, audience: str) -> Response:
    require(request, Role.SERVICE)
    feed = Feed.parse(f"{origin}/{service}/{audience}")

    def count(session: Session) -> Counted:
        row = serve.found(session, feed)
        return Counted(str(row.cursor), feeds.recount(session, row).buckets())

    counted = await request.app.state.node.database.read(count)
    return Response(msgspec.json.encode(counted), media_type="application/json")


@router.get("/recounts/{origin}/{service}/{audience}/{bucket}")
async def bucket(request: Request, origin: str, service: str, audience: str, bucket: int) -> Response:
    require(request, Role.SERVICE)
    feed = Feed.parse(f"{origin}/{service}/{audience}")

    def look(session: Session) -> list[tuple[str, str, str, str]]:
        return feeds.bucket(session, serve.found(session, feed), bucket)

    return Response(
        msgspec.json.encode(await request.app.state.node.database.read(look)), media_type="application/json"
    )


@router.get("/recounts")
async def recounted(request: Request) -> Response:
    require(request, Role.SERVICE)
    node = request.app.state.node
    return Response(msgspec.json.encode(await node.database.read(recounts)), media_type="application/json")

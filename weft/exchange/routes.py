"""Serving feeds over HTTP: heads, commits with long poll, snapshots, single bodies, digests.

Between nodes and inside one the same; what differs is who may read what, which the shelf says.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Annotated, NamedTuple

import msgspec
from fastapi import APIRouter, Query, Request, Response
from sqlmodel import Session

from weft.database import Database
from weft.exchange.bell import Bell, heard
from weft.identity import Caller, caller_of
from weft.log import feeds, serve, snapshot
from weft.log.serve import Bodies, Page
from weft.problems import Malformed
from weft.protocol.commits import SignedHead
from weft.protocol.digest import BUCKETS, Digest
from weft.protocol.limits import CHANGES_PER_COMMIT
from weft.protocol.names import Cursor, Feed
from weft.protocol.signing import SigningKey
from weft.protocol.statements import Change

FRAMES = "application/vnd.weft.frames"
WAIT_SECONDS = 25.0
FEW_CHANGES = 20
"""So few are put together at once; more would hold up the event loop."""

Nonce = Annotated[str, Query(pattern=r"^(?:[0-9a-f]{32})?$")]
"""The asker's: the head that comes with the answer is signed with it, so that nobody can send an old one again."""

router = APIRouter(prefix="/feeds/{origin}/{service}/{audience}", include_in_schema=False)
_wanted = msgspec.json.Decoder(Annotated[list[Change], msgspec.Meta(max_length=CHANGES_PER_COMMIT)])


class Shelf(NamedTuple):
    """What a service needs to serve feeds. `since`: from which sequence a caller may read one, or a `Problem`."""

    database: Database
    key: SigningKey
    bodies: Bodies
    bell: Bell
    since: Callable[[Session, Caller, Feed], int]


def _shelf(request: Request) -> Shelf:
    shelf: Shelf = request.app.state.node.shelf
    return shelf


def _frames(*parts: bytes) -> Response:
    return Response(b"".join(parts), media_type=FRAMES)


@router.get("/head")
async def head(request: Request, origin: str, service: str, audience: str, nonce: Nonce = "") -> Response:
    shelf, feed, caller = _shelf(request), Feed.parse(f"{origin}/{service}/{audience}"), caller_of(request)

    def read(session: Session) -> SignedHead:
        shelf.since(session, caller, feed)
        return serve.head(serve.found(session, feed), shelf.key, nonce)

    return _frames((await shelf.database.read(read)).to_bytes())


@router.get("/commits")
async def commits(
    request: Request,
    origin: str,
    service: str,
    audience: str,
    after: str,
    wait: Annotated[float, Query(ge=0, le=WAIT_SECONDS)] = 0,
    nonce: Nonce = "",
) -> Response:
    """The head, then the commits after a cursor; with `wait`, not before there are any or the time is over."""
    shelf, feed, caller = _shelf(request), Feed.parse(f"{origin}/{service}/{audience}"), caller_of(request)
    cursor = Cursor.parse(after)

    def read(session: Session) -> Page:
        since = shelf.since(session, caller, feed)
        return serve.page(session, feed, cursor, since=since, bodies=shelf.bodies, key=shelf.key, nonce=nonce)

    until = time.monotonic() + wait
    while True:
        rung = shelf.bell.listen(feed)
        page = await shelf.database.read(read)
        left = until - time.monotonic()
        if page.commits or left <= 0 or shelf.bell.closed:
            break
        await heard(rung, left)
    if sum(len(commit.header.changes) for commit in page.commits) <= FEW_CHANGES:
        return _page(page)
    return await asyncio.to_thread(_page, page)


def _page(page: Page) -> Response:
    return _frames(page.head.to_bytes(), *(commit.to_bytes() for commit in page.commits))


@router.get("/snapshot")
async def manifest(request: Request, origin: str, service: str, audience: str) -> Response:
    shelf, feed, caller = _shelf(request), Feed.parse(f"{origin}/{service}/{audience}"), caller_of(request)

    def take(session: Session) -> bytes:
        shelf.since(session, caller, feed)
        return snapshot.take(session, feed, shelf.key)

    return _frames(await shelf.database.write(take))


@router.get("/segments/{hash_}")
async def segment(
    request: Request, origin: str, service: str, audience: str, hash_: str, nonce: Nonce = ""
) -> Response:
    shelf, feed, caller = _shelf(request), Feed.parse(f"{origin}/{service}/{audience}"), caller_of(request)

    def read(session: Session) -> tuple[bytes, SignedHead]:
        shelf.since(session, caller, feed)
        return snapshot.segment(session, feed, hash_, bodies=shelf.bodies, key=shelf.key, nonce=nonce)

    frame, signed = await shelf.database.read(read)
    return _frames(signed.to_bytes(), frame)


@router.post("/bodies")
async def bodies(request: Request, origin: str, service: str, audience: str, nonce: Nonce = "") -> Response:
    """Bodies that a reader lacks and is owed. It names the changes; those that the feed did not say so are passed over."""
    shelf, feed, caller = _shelf(request), Feed.parse(f"{origin}/{service}/{audience}"), caller_of(request)
    try:
        wanted = _wanted.decode(await request.body())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"a list of changes was due: {error}") from None

    def read(session: Session) -> tuple[bytes, SignedHead]:
        shelf.since(session, caller, feed)
        return serve.asked(session, feed, wanted, bodies=shelf.bodies, key=shelf.key, nonce=nonce)

    frame, signed = await shelf.database.read(read)
    return _frames(signed.to_bytes(), frame)


class Buckets(NamedTuple):
    """A feed's digest as two nodes compare it: only at equal cursors does a difference mean anything."""

    cursor: str
    digest: str
    buckets: list[tuple[int, str]]


@router.get("/digest")
async def digest(request: Request, origin: str, service: str, audience: str) -> Response:
    shelf, feed, caller = _shelf(request), Feed.parse(f"{origin}/{service}/{audience}"), caller_of(request)

    def read(session: Session) -> Buckets:
        shelf.since(session, caller, feed)
        row = serve.found(session, feed)
        kept = Digest.from_bytes(row.digest)
        return Buckets(str(row.cursor), kept.hex, kept.buckets())

    found = await shelf.database.read(read)
    return Response(msgspec.json.encode(found._asdict()), media_type="application/json")


@router.get("/digest/{bucket}")
async def bucket(request: Request, origin: str, service: str, audience: str, bucket: int) -> Response:
    """The records of one bucket: (kind, id, version, hash) of each."""
    shelf, feed, caller = _shelf(request), Feed.parse(f"{origin}/{service}/{audience}"), caller_of(request)
    if not 0 <= bucket < BUCKETS:
        raise Malformed(f"buckets are 0 to {BUCKETS - 1}")

    def read(session: Session) -> list[tuple[str, str, str, str]]:
        shelf.since(session, caller, feed)
        return feeds.bucket(session, serve.found(session, feed), bucket)

    return Response(msgspec.json.encode(await shelf.database.read(read)), media_type="application/json")

"""Narrowing a difference between two copies: from digests to buckets, from buckets to the keys, without sending records."""

from typing import Protocol, TypeVar

import httpx
import msgspec
from sqlmodel import Session

from weft.database import Database
from weft.exchange.progress import Counted
from weft.log import feeds
from weft.protocol.digest import BUCKETS
from weft.protocol.names import Feed

BUCKETS_COMPARED = 32
KEYS_NAMED = 100

T = TypeVar("T")
Line = tuple[str, str, str, str]
"""A held record: (kind, id, version, hash)."""


class Side(Protocol):
    """A copy of a feed, ours or another's."""

    async def buckets(self) -> Counted: ...

    async def bucket(self, at: int) -> list[Line]: ...


class Ours:
    """The copy in this database, counted from its rows."""

    def __init__(self, database: Database, feed: Feed) -> None:
        self._database = database
        self._feed = feed

    async def buckets(self) -> Counted:
        def count(session: Session) -> Counted:
            row = feeds.found_or_opened(session, self._feed)
            return Counted(str(row.cursor), feeds.recount(session, row).buckets())

        return await self._database.write(count)

    async def bucket(self, at: int) -> list[Line]:
        def look(session: Session) -> list[Line]:
            return feeds.bucket(session, feeds.found_or_opened(session, self._feed), at)

        return await self._database.write(look)


class Theirs:
    """A copy behind a client, at the path that gives its buckets."""

    def __init__(self, client: httpx.AsyncClient, path: str) -> None:
        self._client = client
        self._path = path

    async def buckets(self) -> Counted:
        return await self._read(self._path, Counted)

    async def bucket(self, at: int) -> list[Line]:
        return await self._read(f"{self._path}/{at}", list[Line])

    async def _read(self, path: str, form: type[T]) -> T:
        answer = await self._client.get(path, timeout=30)
        answer.raise_for_status()
        return msgspec.json.decode(answer.content, type=form)


class Narrowed(msgspec.Struct, frozen=True):
    """Where two copies differ. `keys` are the first of them: `missing` here, `extra` here, or of another version or hash."""

    buckets: list[int]
    keys: list[str]


async def narrow(origin: str, ours: Side, theirs: Side) -> Narrowed:
    """The buckets and keys in which two copies at the same cursor differ; nothing when they are at different ones.

    Raises:
        HTTPError, DecodeError: the other side does not say.
    """
    here, there = await ours.buckets(), await theirs.buckets()
    if here.cursor != there.cursor or len(there.buckets) != BUCKETS:
        return Narrowed([], [])
    differing = [at for at, pair in enumerate(here.buckets) if tuple(pair) != tuple(there.buckets[at])]
    keys: list[str] = []
    for at in differing[:BUCKETS_COMPARED]:
        keys += _keys(origin, await ours.bucket(at), await theirs.bucket(at))
    return Narrowed(differing, keys[:KEYS_NAMED])


def _keys(origin: str, here: list[Line], there: list[Line]) -> list[str]:
    ours, theirs = ({line[:2]: line[2:] for line in side} for side in (here, there))
    told = {
        "missing": theirs.keys() - ours.keys(),
        "extra": ours.keys() - theirs.keys(),
        "differing": {name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name]},
    }
    return [f"{what} {origin}/{kind}/{id_}" for what, names in told.items() for kind, id_ in sorted(names)]

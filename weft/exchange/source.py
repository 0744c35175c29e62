"""Asking a feed's holder over HTTP. Answers are bounded; what a problem document says becomes an exception here."""

import secrets
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import httpx
import msgspec

from weft.problems import Unavailable
from weft.protocol import frames
from weft.protocol.frames import Frame
from weft.protocol.names import Cursor, Feed
from weft.protocol.refusals import Beyond, Malformed
from weft.protocol.statements import Change

ANSWER_BYTES = 32 * 1024 * 1024
SECONDS = 20.0


class SnapshotDue(Exception):
    """The first read of a feed is a snapshot."""


class SnapshotGone(Exception):
    """The snapshot that was being read has been replaced: read the manifest again."""


class Refused(Exception):
    """The holder does not let us read: not approved, or no longer."""


class Answer(NamedTuple):
    """The holder's head of the moment, the frames that it gave with it, and the nonce that the head must answer."""

    head: Frame
    frames: list[Frame]
    nonce: str


class Source(Protocol):
    """Where a feed comes from. Every call is bounded in time and raises `Unavailable` when there is no answer."""

    async def commits(self, feed: Feed, after: Cursor, wait: float) -> Answer: ...

    async def manifest(self, feed: Feed) -> Frame: ...

    async def segment(self, feed: Feed, hash_: str) -> Answer: ...

    async def bodies(self, feed: Feed, wanted: Sequence[Change]) -> Answer: ...


class HttpSource:
    """A source behind an HTTP client that knows its address and how to say who we are."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def commits(self, feed: Feed, after: Cursor, wait: float = 0) -> Answer:
        query = {"after": str(after), "wait": f"{wait:g}"}
        return await self._ask("GET", f"/feeds/{feed}/commits", SECONDS + wait, query)

    async def manifest(self, feed: Feed) -> Frame:
        return frames.parse(await self._send("GET", f"/feeds/{feed}/snapshot", 60.0, params={}))

    async def segment(self, feed: Feed, hash_: str) -> Answer:
        return await self._ask("GET", f"/feeds/{feed}/segments/{hash_}", SECONDS, {})

    async def bodies(self, feed: Feed, wanted: Sequence[Change]) -> Answer:
        return await self._ask("POST", f"/feeds/{feed}/bodies", SECONDS, {}, content=msgspec.json.encode(wanted))

    async def _ask(
        self, method: str, path: str, seconds: float, query: dict[str, str], content: bytes | None = None
    ) -> Answer:
        nonce = secrets.token_hex(16)
        raw = await self._send(method, path, seconds, params={**query, "nonce": nonce}, content=content)
        parts = list(frames.split(raw))
        if not parts:
            raise Malformed("an answer without a head")
        return Answer(parts[0], parts[1:], nonce)

    async def _send(
        self,
        method: str,
        path: str,
        seconds: float,
        *,
        params: dict[str, str],
        content: bytes | None = None,
    ) -> bytes:
        try:
            request = self._client.build_request(method, path, params=params, content=content, timeout=seconds)
            response = await self._client.send(request, stream=True)
            try:
                raw = await _bounded(response)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise Unavailable(f"no answer from {self._client.base_url}: {type(error).__name__}") from error
        if response.status_code == 200:
            return raw
        raise _problem(response.status_code, raw)


async def _bounded(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > ANSWER_BYTES:
            raise Unavailable(f"the answer is over {ANSWER_BYTES} bytes")
        parts.append(part)
    return b"".join(parts)


class _Document(msgspec.Struct):
    code: str = ""
    detail: str = ""


def _problem(status: int, raw: bytes) -> Exception:
    try:
        said = msgspec.json.decode(raw, type=_Document)
    except msgspec.DecodeError:
        said = _Document()
    if said.code == "snapshot-first":
        return SnapshotDue(said.detail)
    if said.code == "unknown-cursor":
        return Beyond(said.detail)
    if status == 404 and "segment" in said.detail:
        return SnapshotGone(said.detail)
    if status in {401, 403, 404}:
        return Refused(f"{status} {said.detail[:200]}")
    return Unavailable(f"{status} {said.code} {said.detail[:200]}")

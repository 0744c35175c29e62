"""Asking every service for its changes and making one page of the answers. A service that is down is named, not passed over.

Each service keeps its own order; between services there is none. A page moves the cursor of those that answered alone, so
that nothing of the others is missed later.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import NamedTuple

import msgspec

from gateway.changes.cursor import WRONG, Cursor
from gateway.routing import KINDS
from gateway.upstream import Query, Reply, TooMuch, Upstreams, said
from weft.identity import Caller
from weft.problems import Invalid, Problem, Unavailable
from weft.records.changelog import CursorGone

PATH = "/api/v1/changes"
ANSWER_SECONDS = 10.0
"""How long a service may take beside the time that it was asked to wait."""


class Asked(NamedTuple):
    """`kinds`: those that are wanted; none means all. `wait`: seconds to wait where there is nothing yet."""

    since: Cursor
    kinds: Sequence[str] = ()
    limit: int = 100
    records: bool = False
    wait: int = 0


class Page(NamedTuple):
    """`items`: as the services wrote them. `missing`: services that could not say."""

    items: Sequence[msgspec.Raw]
    next: Cursor
    more: bool
    missing: Sequence[str]


class _Part(msgspec.Struct):
    items: list[msgspec.Raw]
    next: str
    more: bool = False


def services_of(kinds: Sequence[str]) -> dict[str, list[str]]:
    """Which service is asked for which of these kinds; for all of its own where none is named."""
    if not kinds:
        return {kind.service: [] for kind in KINDS}
    wanted: dict[str, list[str]] = {}
    for kind in KINDS:
        for name in (kind.name, kind.takedown):
            if name in kinds:
                wanted.setdefault(kind.service, []).append(name)
    return wanted


async def gathered(upstreams: Upstreams, caller: Caller, asked: Asked) -> Page:
    """One page of changes.

    Raises:
        CursorGone: the cursor leads nowhere any more.
        Invalid: it is none.
        Unavailable: no service at all could say.
    """
    wanted = services_of(asked.kinds)
    share = max(1, asked.limit // len(wanted))

    async def part(service: str, wait: int) -> _Part | None:
        query = _query(asked, wanted[service], asked.since.places.get(service, ""), wait)
        return await _part(upstreams, service, caller, query, share, ANSWER_SECONDS + wait)

    async with upstreams.large if asked.records else nullcontext():
        parts = dict(zip(wanted, await asyncio.gather(*(part(service, 0) for service in wanted)), strict=True))
    answered = {service: found for service, found in parts.items() if found is not None}
    if not answered:
        raise Unavailable(f"none of {', '.join(wanted)} answers", missing=list(wanted))
    if asked.wait and not any(found.items for found in answered.values()):
        waiting = {service: asyncio.create_task(part(service, asked.wait)) for service in answered}
        answered |= await _first(waiting, asked.wait)
    return _page(asked.since, answered, missing=[service for service in wanted if parts[service] is None])


def _query(asked: Asked, kinds: Sequence[str], since: str, wait: int) -> Query:
    told = [("since", since), *(("kinds", kind) for kind in kinds)]
    told += [("wait", str(wait or "")), ("records", "true" if asked.records else "")]
    return [(name, value) for name, value in told if value]


async def _part(
    upstreams: Upstreams, service: str, caller: Caller, query: Query, limit: int, seconds: float
) -> _Part | None:
    """What a service says; nothing where it cannot. An answer that would be too large is asked for in smaller parts."""
    try:
        async with asyncio.timeout(seconds):
            reply = await upstreams.ask(service, PATH, caller, [*query, ("limit", str(limit))])
    except TooMuch:
        return await _part(upstreams, service, caller, query, limit // 2, seconds) if limit > 1 else None
    except (Problem, TimeoutError):
        return None
    return _read(service, reply)


def _read(service: str, reply: Reply) -> _Part | None:
    if reply.status == CursorGone.status:
        raise CursorGone(said(reply.body) or f"{service} does not know it any more")
    if reply.status == Invalid.status:
        raise Invalid(WRONG)
    if reply.status != 200:
        return None
    try:
        return msgspec.json.decode(reply.body, type=_Part)
    except msgspec.DecodeError:
        return None


async def _first(waiting: Mapping[str, "asyncio.Task[_Part | None]"], seconds: int) -> dict[str, _Part]:
    """What those say who have something first; the others are not waited for."""
    try:
        pending = set(waiting.values())
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            found = {service: task.result() for service, task in waiting.items() if task in done}
            if told := {service: part for service, part in found.items() if part is not None and part.items}:
                return told
        return {}
    finally:
        for task in waiting.values():
            task.cancel()
        await asyncio.gather(*waiting.values(), return_exceptions=True)


def _page(since: Cursor, parts: Mapping[str, _Part], missing: Sequence[str]) -> Page:
    return Page(
        items=[item for part in parts.values() for item in part.items],
        next=since.moved({service: part.next for service, part in parts.items()}),
        more=any(part.more for part in parts.values()),
        missing=missing,
    )

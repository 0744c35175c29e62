"""Composing a country's profile: every service is asked at once, none is waited for longer than the others are worth."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from gateway.upstream import Query, Upstreams
from weft.areas import Area
from weft.identity import Caller
from weft.problems import Problem

SECONDS = 4.0
SHOWN = 10
LISTS = {"documents": "catalog", "barriers": "catalog", "measures": "catalog"}


class Profile(NamedTuple):
    """`parts`: as JSON; one that could not be had is `None`."""

    area: Area
    parts: Mapping[str, Any]

    @property
    def missing(self) -> Sequence[str]:
        return [name for name, part in self.parts.items() if part is None]

    def written(self) -> bytes:
        """The profile as it goes out."""
        area = self.area
        codes = {"m49": area.m49, "iso2": area.iso2, "iso3": area.iso3}
        told = {**codes, "names": dict(area.names), "commissions": dict(area.commissions)}
        return msgspec.json.encode({"area": told, **self.parts, "missing": self.missing})


class _Page(msgspec.Struct):
    items: list[msgspec.Raw]
    total: int


async def composed(upstreams: Upstreams, caller: Caller, area: Area) -> Profile:
    """What the services say of this country, to this caller, within the time that there is."""
    asked: dict[str, Coroutine[Any, Any, Any]] = {"indicators": _indicators(upstreams, caller, area)}
    asked |= {plural: _listed(upstreams, caller, area, plural) for plural in LISTS}
    told = await asyncio.gather(*asked.values())
    return Profile(area, dict(zip(asked, told, strict=True)))


async def _indicators(upstreams: Upstreams, caller: Caller, area: Area) -> msgspec.Raw | None:
    body = await _asked(upstreams, "indicators", f"/api/v1/countries/{area.m49}/indicators", caller, ())
    return None if body is None or not body.startswith(b"{") else msgspec.Raw(body)


async def _listed(upstreams: Upstreams, caller: Caller, area: Area, plural: str) -> dict[str, Any] | None:
    path, query = f"/api/v1/{plural}", [("country", area.m49), ("limit", str(SHOWN))]
    body = await _asked(upstreams, LISTS[plural], path, caller, query)
    try:
        page = msgspec.json.decode(body or b"", type=_Page)
    except msgspec.DecodeError:
        return None
    return {"items": page.items, "total": page.total, "href": f"{path}?country={area.m49}"}


async def _asked(upstreams: Upstreams, service: str, path: str, caller: Caller, query: Query) -> bytes | None:
    """What a service answers; nothing where it does not in time."""
    try:
        async with asyncio.timeout(SECONDS):
            reply = await upstreams.ask(service, path, caller, query)
    except (Problem, TimeoutError):
        return None
    return reply.body if reply.status == 200 else None

"""The route of a country's profile."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath

from gateway.countries.compose import composed
from gateway.countries.schemas import Country
from gateway.gate import TheGate
from gateway.tagged import tag_of, tagged
from weft import areas
from weft.identity import Role, caller_of
from weft.problems import NotFound

PUBLIC = {"Cache-Control": "public, max-age=60, stale-if-error=3600", "Vary": "Authorization"}
FOR_ONE = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

router = APIRouter(tags=["countries"])


@router.get("/api/v1/countries/{area}", response_model=Country, summary="What the network knows of a country")
async def country(
    request: Request,
    gate: TheGate,
    area: Annotated[str, InPath(max_length=5, description="M49, ISO 2 or ISO 3", examples=["CO"])],
) -> Response:
    try:
        found = areas.area(area)
    except areas.UnknownArea as error:
        raise NotFound(str(error)) from None
    caller = caller_of(request)
    profile = await composed(gate.upstreams, caller, found)
    data = profile.written()
    whole = caller.role is Role.ANONYMOUS and not profile.missing
    return tagged(request, data, tag_of(data), PUBLIC if whole else FOR_ONE)

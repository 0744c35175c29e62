"""The route of observations: flat rows across series, as pages of JSON or as one CSV file. Which rows is said elsewhere."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from services.indicators import observations
from services.indicators.observations import HEADER, Part
from services.indicators.schemas import ObservationPage, Observing
from weft.problems import Invalid, Problem
from weft.records import answers
from weft.records.after import AFTER
from weft.records.node import Node, TheNode, TheSight
from weft.records.sight import Sight

CSV = "text/csv"
router = APIRouter(prefix="/api/v1/observations", tags=["observations"], dependencies=AFTER)


class FormatNotOffered(Problem):
    status, code, title = 501, "format-not-offered", "This node does not write that format yet"
    hint = "Ask for format=csv or format=json."


@router.get(
    "",
    response_model=ObservationPage,
    responses={200: {"content": {CSV: {"schema": {"type": "string"}}}}, 501: {"description": FormatNotOffered.title}},
    summary="Observations of all series that are asked for, each with where it comes from",
)
async def listed(request: Request, node: TheNode, sight: TheSight, asked: Annotated[Observing, Query()]) -> Response:
    if asked.format == "csv":
        return await file(node, asked, sight, f"{node.incarnation.origin}-observations.csv")
    if asked.format != "json":
        raise FormatNotOffered(f"format={asked.format}")
    return answers.listed(await node.database.read(observations.page, asked, sight), request)


async def file(node: Node, asked: Observing, sight: Sight, name: str) -> Response:
    """All that is asked for as one SDMX-CSV file of this name."""
    if paging := asked.model_fields_set & {"limit", "after"}:
        raise Invalid(f"{', '.join(sorted(paging))}: a CSV file is given whole; leave it out, or ask for format=json")
    # What cannot be read at all is said by the status, so the first part is read before the answer begins.
    first = await node.database.read(observations.part, asked, sight, None)
    headers = {
        "Vary": "Authorization",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return StreamingResponse(_parts(node, asked, sight, first), media_type=CSV, headers=headers)


async def _parts(node: Node, asked: Observing, sight: Sight, part: Part) -> AsyncIterator[bytes]:
    """The file in parts, each read in a transaction of its own, so that a slow reader holds none."""
    yield HEADER
    yield part.data
    while part.next is not None:
        part = await node.database.read(observations.part, asked, sight, part.next)
        yield part.data

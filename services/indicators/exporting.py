"""The route by which series are exported: a series a line, or SDMX-CSV, streamed in parts that can be imported again."""

from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import select, tuple_
from sqlmodel import Session

from services.indicators import observed
from services.indicators.models import SeriesRow
from services.indicators.schemas import KIND, Asked, Exporting, Observing
from services.indicators.shelf import filters
from services.indicators.sight import visible
from weft.database.statements import table
from weft.records import answers, wire
from weft.records.exports import Last
from weft.records.imports import CSV, NDJSON
from weft.records.node import Node, TheNode, TheSight
from weft.records.resource import accepted
from weft.records.sight import Sight

PART_BYTES = 8 * 1024 * 1024
AT_ONCE = 1_000
FETCHED = 100
router = APIRouter(prefix="/api/v1/series", tags=["series"])
_series = table(SeriesRow)
_key = (_series.c.origin, _series.c.id)


class Part(NamedTuple):
    """Lines, and after which series the others come; None at the end."""

    data: bytes
    last: Last | None


@router.get(
    "/export",
    response_class=Response,
    responses={200: {"content": {form: {"schema": {"type": "string"}} for form in (NDJSON, CSV)}}},
    summary="Export series: what you may see, a series a line or as SDMX-CSV, to be imported again",
)
async def exported(request: Request, node: TheNode, sight: TheSight, asked: Annotated[Exporting, Query()]) -> Response:
    form = asked.format or accepted(request.headers.get("accept", "*/*"))
    if form == "csv":
        given = asked.model_dump(exclude={"format"}, exclude_unset=True)
        return await observed.file(node, Observing(**given), sight, "series.csv")
    headers = {
        "Content-Disposition": 'attachment; filename="series.ndjson"',
        "Vary": "Accept, Authorization",
        "Cache-Control": "no-cache",
    }
    return StreamingResponse(_lines(node, asked, sight), media_type=NDJSON, headers=headers)


async def _lines(node: Node, asked: Asked, sight: Sight) -> AsyncIterator[bytes]:
    """The export in parts, each read in a transaction of its own, so that a slow reader holds none."""
    last: Last | None = Last()
    while last is not None:
        data, last = await node.database.read(_part, asked, sight, last)
        yield data


def _part(session: Session, asked: Asked, sight: Sight, after: Last) -> Part:
    columns = [_series.c[name] for name in (*answers.COLUMNS, "rest")]
    query = select(*columns).where(visible(sight), *filters(asked), tuple_(*_key) > tuple_(*after))
    found = session.connection().execute(
        query.order_by(*_key).limit(AT_ONCE + 1), execution_options={"yield_per": FETCHED}
    )
    held: list[bytes] = []
    size, last = 0, after
    for line in found:
        if len(held) == AT_ONCE or size > PART_BYTES:
            found.close()
            return Part(b"".join(held), last)
        record = answers.item(line, KIND, sight, line.rest)
        held.append(wire.joined(wire.members({"id": line.id}), record[1:-1]) + b"\n")
        size += len(held[-1])
        last = Last(line.origin, line.id)
    return Part(b"".join(held), None)

"""The routes of series. Endpoints only join what a request says to what the service does."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session

from services.indicators import bulk, observed, shelf, sources, store
from services.indicators.ids import series_id
from services.indicators.node import Node, TheNode, TheSight, following, require_editor
from services.indicators.preconditions import Precondition
from services.indicators.schemas import (
    KIND,
    Content,
    Listing,
    SeriesDraft,
    SeriesOut,
    SeriesPage,
    areas_of,
    audience_of,
)
from services.indicators.shelf import Answer
from services.indicators.sight import Sight
from services.indicators.sources import Source
from services.indicators.staging import Report
from services.indicators.store import Put
from services.indicators.unsd import Selection
from services.indicators.unsd_codes import titles
from weft.journal import record
from weft.journal.incarnation import Incarnation
from weft.problems import Invalid, NotOurs, Problem
from weft.protocol.names import Key

PATH = "/api/v1/series"
JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
series = APIRouter(prefix=PATH, tags=["series"])


class NotTaken(Problem):
    status, code, title = 415, "not-taken", "An import does not come in this form"
    hint = f"Send a series a line as {NDJSON}, or SDMX-CSV as {CSV}."


Whom = Annotated[list[str], Query(max_length=100, description="network, local, or approved peers' names")]
Several = Annotated[list[str], Query(max_length=1_000)]


def _precondition(request: Request) -> Precondition:
    return Precondition.of(request.headers)


def _key(origin: str, id: str) -> Key:  # the path's own words
    return Key.make(origin, KIND, id)


def _ours(key: Annotated[Key, Depends(_key)], node: TheNode) -> Key:
    if key.origin != (us := node.incarnation.origin):
        raise NotOurs(f"{key} belongs to {key.origin}; this node is {us}", owner=key.origin)
    return key


async def _draft(request: Request) -> SeriesDraft:
    return SeriesDraft.parse(await request.body())


async def _approved(node: Node, given: list[str]) -> tuple[str, ...]:
    """The audience in query parameters, before a long file is read in vain."""
    found = audience_of(given)
    await node.database.read(record.check_audience, found)
    return found


async def _source(request: Request, node: TheNode, audience: Whom = []) -> Source:  # noqa: B006 - read only
    """How an import is to be read, by its Content-Type."""
    match request.headers.get("content-type", "").partition(";")[0].strip().lower():
        case "application/x-ndjson":
            if audience:
                raise Invalid("audience: is said in each line of JSON; leave the parameter out")
            return sources.lines
        case "text/csv":
            return sources.sdmx_csv(await _approved(node, audience))
        case other:
            raise NotTaken(f"an import is {NDJSON} or {CSV}, not {other[:100] or 'without a Content-Type'}")


TheKey = Annotated[Key, Depends(_key)]
OurKey = Annotated[Key, Depends(_ours)]
TheDraft = Annotated[SeriesDraft, Depends(_draft)]
TheSource = Annotated[Source, Depends(_source)]
ThePrecondition = Annotated[Precondition, Depends(_precondition)]
EDITORS = [Depends(require_editor)]


def _takes(*types: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The description of a body that is read here and not by the framework, which would not bound it."""
    return {"requestBody": {"required": True, "content": {name: {"schema": schema} for name in types}}}


TAKES_SERIES = _takes(JSON, schema=SeriesDraft.model_json_schema())


@series.get("", response_model=SeriesPage, summary="List series in the order of their keys, without their observations")
async def listed(request: Request, node: TheNode, sight: TheSight, listing: Annotated[Listing, Query()]) -> Response:
    page = await node.database.read(shelf.page, listing, sight)
    headers = {"Vary": "Authorization", **following(request.url, page.next)}
    return Response(page.to_bytes(), media_type=JSON, headers=headers)


@series.get("/{origin}/{id}", response_model=SeriesOut, summary="Read a series with its observations")
async def found(key: TheKey, node: TheNode, sight: TheSight, precondition: ThePrecondition) -> Response:
    answer = await node.database.read(shelf.find, key, sight)
    headers = {"ETag": f'"{answer.version}"', "Vary": "Authorization", "Cache-Control": "no-cache"}
    if precondition.has(str(answer.version)):
        return Response(status_code=304, headers=headers)
    return Response(answer.data, media_type=JSON, headers=headers)


@series.put(
    "/{origin}/{id}",
    response_model=SeriesOut,
    responses={201: {"model": SeriesOut}},
    dependencies=EDITORS,
    openapi_extra=TAKES_SERIES,
    summary="Create or revise a series of this node",
)
async def put(key: OurKey, node: TheNode, draft: TheDraft, precondition: ThePrecondition) -> Response:
    if key.id != (made := series_id(draft.dimensions)):
        raise Invalid(f"dimensions: a series with these has the id {made}, not {key.id}: PUT it there", id=made)
    return await _written(node, key, draft, precondition)


@series.post(
    "",
    response_model=SeriesOut,
    status_code=201,
    dependencies=EDITORS,
    openapi_extra=TAKES_SERIES,
    summary="Create a series of this node; its dimensions make its id",
)
async def post(node: TheNode, draft: TheDraft) -> Response:
    key = Key.make(node.incarnation.origin, KIND, series_id(draft.dimensions))
    return await _written(node, key, draft, Precondition(none_match=frozenset("*")))


@series.delete("/{origin}/{id}", status_code=204, dependencies=EDITORS, summary="Delete a series of this node")
async def delete(key: OurKey, node: TheNode, precondition: ThePrecondition) -> Response:
    await node.database.write(store.delete, node.incarnation, key.id, precondition)
    node.ring()
    return Response(status_code=204)


@series.post(
    "/bulk",
    response_model=Report,
    dependencies=EDITORS,
    openapi_extra=_takes(NDJSON, CSV, schema={"type": "string", "description": "A series a line, or SDMX-CSV."}),
    summary="Import series: all of them or none, or with keep_going those that can be",
)
async def imported(
    request: Request, node: TheNode, source: TheSource, dry_run: bool = False, keep_going: bool = False
) -> Report:
    return await _imported(request, node, source, dry_run=dry_run, keep_going=keep_going)


@series.post(
    "/import/unsd",
    response_model=Report,
    dependencies=EDITORS,
    openapi_extra=_takes(CSV, "application/gzip", schema={"type": "string", "format": "binary"}),
    summary="Import the table of the UNSD database: of some areas (codes, or commissions) and some series, or of all",
)
async def imported_from_unsd(
    request: Request,
    node: TheNode,
    audience: Whom,
    areas: Several = [],  # noqa: B006 - read only
    series: Several = [],  # noqa: B006 - read only
    source: Annotated[str | None, Query(min_length=1, max_length=500)] = None,
    dry_run: bool = False,
    keep_going: bool = False,
) -> Report:
    whom = await _approved(node, audience)
    selection = Selection(titles=titles(), areas=areas_of(areas), codes=set(series) or None, source=source)
    return await _imported(request, node, sources.unsd_table(whom, selection), dry_run=dry_run, keep_going=keep_going)


async def _imported(request: Request, node: Node, source: Source, *, dry_run: bool, keep_going: bool) -> Report:
    us = node.incarnation
    async with bulk.staged(request.stream(), source) as staging:
        return await bulk.carry_out(staging, node.database, us, node.ring, dry_run=dry_run, keep_going=keep_going)


async def _written(node: Node, key: Key, draft: SeriesDraft, precondition: Precondition) -> Response:
    done, answer = await node.database.write(_put, node.incarnation, key, draft.content(), precondition)
    node.ring()
    headers = {"ETag": f'"{done.version}"', "Location": f"{PATH}/{key.origin}/{key.id}"}
    status = 201 if done.outcome == "created" else 200
    return Response(answer.data, status_code=status, media_type=JSON, headers=headers)


def _put(
    session: Session, us: Incarnation, key: Key, content: Content, precondition: Precondition
) -> tuple[Put, Answer]:
    done = store.put(session, us, key.id, content, precondition)
    return done, shelf.find(session, key, Sight.EDITORS)


router = APIRouter()
router.include_router(series)
router.include_router(observed.router)

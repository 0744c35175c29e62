"""The routes of series. Endpoints only join what a request says to what the service does."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session

from services.indicators import bulk, endings, exporting, observed, shelf, sources, store
from services.indicators.endings import PATH, OurKey, TheKey, told
from services.indicators.ids import series_id
from services.indicators.schemas import KIND, Listing, SeriesDraft, SeriesOut, SeriesPage, areas_of
from services.indicators.sources import Source
from services.indicators.staging import Report
from services.indicators.unsd import Selection
from services.indicators.unsd_codes import titles
from weft.journal import record
from weft.journal.incarnation import Incarnation
from weft.problems import Invalid, Problem
from weft.protocol.names import Key
from weft.records import answers, audiences
from weft.records.after import AFTER
from weft.records.answers import JSON, Answer
from weft.records.node import EDITORS, Node, TheNode, ThePrecondition, TheSight, media_type, takes
from weft.records.own import Content, Put
from weft.records.preconditions import NEW, Precondition
from weft.records.repeats import Sending, TheSending, once
from weft.records.sight import Sight

NDJSON = "application/x-ndjson"
CSV = "text/csv"
series = APIRouter(prefix=PATH, tags=["series"], dependencies=AFTER)


class NotTaken(Problem):
    status, code, title = 415, "not-taken", "An import does not come in this form"
    hint = f"Send a series a line as {NDJSON}, or SDMX-CSV as {CSV}."


Whom = Annotated[list[str], Query(max_length=100, description="network, local, or approved peers' names")]
Several = Annotated[list[str], Query(max_length=1_000)]


async def _draft(request: Request) -> SeriesDraft:
    return SeriesDraft.parse(await request.body())


async def _approved(node: Node, given: list[str]) -> tuple[str, ...]:
    """The audience in query parameters, before a long file is read in vain."""
    found = audiences.asked(given)
    await node.database.read(record.check_audience, found)
    return found


async def _source(request: Request, node: TheNode, audience: Whom = []) -> Source:  # noqa: B006 - read only
    """How an import is to be read, by its Content-Type."""
    match media_type(request):
        case "application/x-ndjson":
            if audience:
                raise Invalid("audience: is said in each line of JSON; leave the parameter out")
            return sources.lines(node.incarnation.origin)
        case "text/csv":
            return sources.sdmx_csv(await _approved(node, audience))
        case other:
            raise NotTaken(f"an import is {NDJSON} or {CSV}, not {other[:100] or 'without a Content-Type'}")


TheDraft = Annotated[SeriesDraft, Depends(_draft)]
TheSource = Annotated[Source, Depends(_source)]
TAKES_SERIES = takes(JSON, schema=SeriesDraft.model_json_schema())


@series.get("", response_model=SeriesPage, summary="List series in the order of their keys, without their observations")
async def listed(request: Request, node: TheNode, sight: TheSight, listing: Annotated[Listing, Query()]) -> Response:
    return answers.listed(await node.database.read(shelf.page, listing, sight), request)


@series.get("/{origin}/{id}", response_model=SeriesOut, summary="Read a series with its observations")
async def found(key: TheKey, node: TheNode, sight: TheSight, precondition: ThePrecondition) -> Response:
    return answers.found(await node.database.glance(shelf.find, key, sight), precondition)


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
async def post(node: TheNode, draft: TheDraft, sending: TheSending) -> Response:
    key = Key.make(node.incarnation.origin, KIND, series_id(draft.dimensions))
    made, answer = await node.database.write(_post, node.incarnation, key, draft.content(), sending)
    node.ring()
    return told(Put(answer.version, "created"), made, answer)


@series.post(
    "/bulk",
    response_model=Report,
    dependencies=EDITORS,
    openapi_extra=takes(NDJSON, CSV, schema={"type": "string", "description": "A series a line, or SDMX-CSV."}),
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
    openapi_extra=takes(CSV, "application/gzip", schema={"type": "string", "format": "binary"}),
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
    return told(done, key, answer)


def _post(session: Session, us: Incarnation, key: Key, content: Content, sending: Sending | None) -> tuple[Key, Answer]:
    made = once(session, us, sending, key, lambda: store.put(session, us, key.id, content, NEW))
    return made, shelf.find(session, made, Sight.EDITORS)


def _put(
    session: Session, us: Incarnation, key: Key, content: Content, precondition: Precondition
) -> tuple[Put, Answer]:
    done = store.put(session, us, key.id, content, precondition)
    return done, shelf.find(session, key, Sight.EDITORS)


router = APIRouter()
router.include_router(series)
router.include_router(endings.router)
router.include_router(exporting.router)
router.include_router(observed.router)

"""The catalog's routes. Endpoints only join what a request says to what the service does."""

import secrets
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session

from services.catalog import bulk, shelf, store
from services.catalog.schemas import DocumentIn, DocumentOut, DocumentPage, Listing
from services.catalog.slugs import slug
from services.catalog.store import OURS
from weft.journal.incarnation import Incarnation
from weft.problems import Problem
from weft.protocol.names import Key
from weft.records import answers, wire
from weft.records.answers import JSON, Answer
from weft.records.documents import KIND
from weft.records.node import EDITORS, Node, TheNode, ThePrecondition, TheSight, media_type, ours, takes
from weft.records.own import Put
from weft.records.preconditions import NEW, Precondition
from weft.records.repeats import Sending, TheSending, once
from weft.records.reports import Report
from weft.records.sight import Sight

PATH = "/api/v1/documents"
NDJSON = "application/x-ndjson"
router = APIRouter(prefix=PATH, tags=["documents"])


class NotLines(Problem):
    status, code, title = 415, "not-lines", "An import is lines of JSON"
    hint = f"Send one document a line, each with its id, as Content-Type: {NDJSON}."


def _key(origin: str, id: str) -> Key:  # the path's own words
    return Key.make(origin, KIND, id)


def _ours(key: Annotated[Key, Depends(_key)], node: TheNode) -> Key:
    return ours(key, node)


def _lines_of_json(request: Request) -> None:
    if media_type(request) != NDJSON:
        raise NotLines(f"an import is sent as {NDJSON}")


async def _draft(request: Request) -> DocumentIn:
    return DocumentIn.parse(wire.read(await request.body()))


TheKey = Annotated[Key, Depends(_key)]
OurKey = Annotated[Key, Depends(_ours)]
TheDraft = Annotated[DocumentIn, Depends(_draft)]
TAKES_DOCUMENT = takes(JSON, schema=DocumentIn.model_json_schema())


@router.get("", response_model=DocumentPage, summary="List documents, the newest first")
async def listed(request: Request, node: TheNode, sight: TheSight, listing: Annotated[Listing, Query()]) -> Response:
    return answers.listed(await node.database.read(shelf.page, listing, sight), request)


@router.get("/{origin}/{id}", response_model=DocumentOut, summary="Read a document")
async def found(key: TheKey, node: TheNode, sight: TheSight, precondition: ThePrecondition) -> Response:
    return answers.found(await node.database.read(shelf.find, key, sight), precondition)


@router.put(
    "/{origin}/{id}",
    response_model=DocumentOut,
    responses={201: {"model": DocumentOut}},
    dependencies=EDITORS,
    openapi_extra=TAKES_DOCUMENT,
    summary="Create or revise a document of this node",
)
async def put(key: OurKey, node: TheNode, draft: TheDraft, precondition: ThePrecondition) -> Response:
    return await _written(node, key, draft, precondition)


@router.post(
    "",
    response_model=DocumentOut,
    status_code=201,
    dependencies=EDITORS,
    openapi_extra=TAKES_DOCUMENT,
    summary="Create a document of this node; the node makes its id",
)
async def post(node: TheNode, draft: TheDraft, sending: TheSending) -> Response:
    key = Key.make(node.incarnation.origin, KIND, slug(draft.title, secrets.token_hex(5)))
    made, answer = await node.database.write(_post, node.incarnation, key, draft, sending)
    node.ring()
    return answers.written(Put(answer.version, "created"), answer, _path(made))


@router.delete("/{origin}/{id}", status_code=204, dependencies=EDITORS, summary="Delete a document of this node")
async def delete(key: OurKey, node: TheNode, precondition: ThePrecondition) -> Response:
    await node.database.write(OURS.delete, node.incarnation, key.id, precondition)
    node.ring()
    return Response(status_code=204)


@router.post(
    "/bulk",
    response_model=Report,
    dependencies=[*EDITORS, Depends(_lines_of_json)],
    openapi_extra=takes(NDJSON, schema={"type": "string", "description": "A document a line, each with its id."}),
    summary="Import documents: all of them or none, or with keep_going those that can be",
)
async def imported(request: Request, node: TheNode, dry_run: bool = False, keep_going: bool = False) -> Report:
    us = node.incarnation
    staged = await bulk.stage(request.stream(), us.origin)
    return await bulk.carry_out(staged, node.database, us, node.ring, dry_run=dry_run, keep_going=keep_going)


async def _written(node: Node, key: Key, draft: DocumentIn, precondition: Precondition) -> Response:
    done, answer = await node.database.write(_put, node.incarnation, key, draft, precondition)
    node.ring()
    return answers.written(done, answer, _path(key))


def _path(key: Key) -> str:
    return f"{PATH}/{key.origin}/{key.id}"


def _post(
    session: Session, us: Incarnation, key: Key, draft: DocumentIn, sending: Sending | None
) -> tuple[Key, Answer]:
    made = once(session, us, sending, key, lambda: store.put(session, us, key.id, draft, NEW))
    return made, shelf.find(session, made, Sight.EDITORS)


def _put(
    session: Session, us: Incarnation, key: Key, draft: DocumentIn, precondition: Precondition
) -> tuple[Put, Answer]:
    done = store.put(session, us, key.id, draft, precondition)
    return done, shelf.find(session, key, Sight.EDITORS)

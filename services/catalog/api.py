"""The catalog's routes. Endpoints only join what a request says to what the service does."""

import secrets
from collections.abc import Callable
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlmodel import Session
from starlette.datastructures import URL

from services.catalog import bulk, shelf, store, wire
from services.catalog.bulk import Report
from services.catalog.preconditions import Precondition
from services.catalog.schemas import KIND, DocumentIn, DocumentOut, DocumentPage, Listing
from services.catalog.shelf import Answer
from services.catalog.sight import Sight
from services.catalog.slugs import slug
from services.catalog.store import Put
from weft.database import Database
from weft.identity import Role, caller_of, require
from weft.journal.incarnation import Incarnation
from weft.problems import NotOurs, Problem
from weft.protocol.names import Key

PATH = "/api/v1/documents"
JSON = "application/json"
NDJSON = "application/x-ndjson"
router = APIRouter(prefix=PATH, tags=["documents"])


class NotLines(Problem):
    status, code, title = 415, "not-lines", "An import is lines of JSON"
    hint = f"Send one document a line, each with its id, as Content-Type: {NDJSON}."


class Node(Protocol):
    """What the routes need of the running service. `ring` wakes the sequencer after a write."""

    @property
    def database(self) -> Database: ...
    @property
    def incarnation(self) -> Incarnation: ...
    @property
    def ring(self) -> Callable[[], None]: ...


def _node(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


def _sight(request: Request) -> Sight:
    return Sight.of(caller_of(request))


def _precondition(request: Request) -> Precondition:
    return Precondition.of(request.headers)


def _key(origin: str, id: str) -> Key:  # the path's own words
    return Key.make(origin, KIND, id)


def _editor(request: Request) -> None:
    require(request, Role.EDITOR)


def _ours(key: Annotated[Key, Depends(_key)], request: Request) -> Key:
    if key.origin != (us := _node(request).incarnation.origin):
        raise NotOurs(f"{key} belongs to {key.origin}; this node is {us}", owner=key.origin)
    return key


def _lines_of_json(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != NDJSON:
        raise NotLines(f"an import is sent as {NDJSON}")


async def _draft(request: Request) -> DocumentIn:
    return DocumentIn.parse(wire.read(await request.body()))


TheNode = Annotated[Node, Depends(_node)]
TheSight = Annotated[Sight, Depends(_sight)]
TheKey = Annotated[Key, Depends(_key)]
OurKey = Annotated[Key, Depends(_ours)]
TheDraft = Annotated[DocumentIn, Depends(_draft)]
ThePrecondition = Annotated[Precondition, Depends(_precondition)]
EDITORS = [Depends(_editor)]


def _takes(media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The description of a body that is read here and not by the framework, which would not bound it."""
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


TAKES_DOCUMENT = _takes(JSON, DocumentIn.model_json_schema())


@router.get("", response_model=DocumentPage, summary="List documents, the newest first")
async def listed(request: Request, node: TheNode, sight: TheSight, listing: Annotated[Listing, Query()]) -> Response:
    page = await node.database.read(shelf.page, listing, sight)
    headers = {"Vary": "Authorization"}
    if page.next:
        headers["Link"] = f'<{_relative(request.url.include_query_params(after=page.next))}>; rel="next"'
    return Response(page.to_bytes(), media_type=JSON, headers=headers)


@router.get("/{origin}/{id}", response_model=DocumentOut, summary="Read a document")
async def found(key: TheKey, node: TheNode, sight: TheSight, precondition: ThePrecondition) -> Response:
    answer = await node.database.read(shelf.find, key, sight)
    headers = {"ETag": f'"{answer.version}"', "Vary": "Authorization", "Cache-Control": "no-cache"}
    if precondition.has(str(answer.version)):
        return Response(status_code=304, headers=headers)
    return Response(answer.data, media_type=JSON, headers=headers)


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
async def post(node: TheNode, draft: TheDraft) -> Response:
    key = Key.make(node.incarnation.origin, KIND, slug(draft.title, secrets.token_hex(5)))
    return await _written(node, key, draft, Precondition(none_match=frozenset("*")))


@router.delete("/{origin}/{id}", status_code=204, dependencies=EDITORS, summary="Delete a document of this node")
async def delete(key: OurKey, node: TheNode, precondition: ThePrecondition) -> Response:
    await node.database.write(store.delete, node.incarnation, key.id, precondition)
    node.ring()
    return Response(status_code=204)


@router.post(
    "/bulk",
    response_model=Report,
    dependencies=[*EDITORS, Depends(_lines_of_json)],
    openapi_extra=_takes(NDJSON, {"type": "string", "description": "A document a line, each with its id."}),
    summary="Import documents: all of them or none, or with keep_going those that can be",
)
async def imported(request: Request, node: TheNode, dry_run: bool = False, keep_going: bool = False) -> Report:
    us = node.incarnation
    staged = await bulk.stage(request.stream(), us.origin)
    return await bulk.carry_out(staged, node.database, us, node.ring, dry_run=dry_run, keep_going=keep_going)


async def _written(node: Node, key: Key, draft: DocumentIn, precondition: Precondition) -> Response:
    done, answer = await node.database.write(_put, node.incarnation, key, draft, precondition)
    node.ring()
    headers = {"ETag": f'"{done.version}"', "Location": f"{PATH}/{key.origin}/{key.id}"}
    status = 201 if done.outcome == "created" else 200
    return Response(answer.data, status_code=status, media_type=JSON, headers=headers)


def _relative(url: URL) -> str:
    return f"{url.path}?{url.query}"


def _put(
    session: Session, us: Incarnation, key: Key, draft: DocumentIn, precondition: Precondition
) -> tuple[Put, Answer]:
    done = store.put(session, us, key.id, draft, precondition)
    return done, shelf.find(session, key, Sight.EDITORS)

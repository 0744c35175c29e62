"""The routes of a kind of record, made from its description. They only join what a request says to what is done."""

import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from weft.journal.incarnation import Incarnation
from weft.problems import Problem
from weft.protocol.names import Key
from weft.records import after, answers, exports, imports, listings, wire, writing
from weft.records.after import AFTER
from weft.records.answers import JSON, Answer
from weft.records.forms import Draft
from weft.records.imports import CSV, NDJSON
from weft.records.kinds import Kind
from weft.records.listings import Export, Filters, Listing
from weft.records.node import EDITORS, REVIEWERS, TheNode, ThePrecondition, TheSight, media_type, ours, takes
from weft.records.own import Put
from weft.records.preconditions import NEW, Precondition
from weft.records.repeats import Sending, TheSending, once
from weft.records.reports import Report
from weft.records.sight import Sight
from weft.records.takedown import TakedownIn

FORMATS = {"ndjson": NDJSON, "csv": CSV}
UndoSeconds = Annotated[
    int, Query(ge=0, le=3_600, description="So long the deletion waits here, and can be taken back, before it leaves.")
]


class NotLines(Problem):
    status, code, title = 415, "not-lines", "An import does not come in this form"
    hint = f"Send a record a line, each with its id, as Content-Type: {NDJSON}; or a table as {CSV}."


class NotOffered(Problem):
    status, code, title = 406, "not-offered", "An export is not to be had in this form"
    hint = f"Ask for {NDJSON} or {CSV} in Accept, or say ?format=ndjson or ?format=csv."


def router(kind: Kind[Any]) -> APIRouter:
    """All routes of a kind."""
    routes = APIRouter(prefix=kind.path, tags=[kind.plural], dependencies=AFTER)
    _many(routes, kind)
    _reading(routes, kind)
    _writing(routes, kind)
    _ending(routes, kind)
    return routes


def _reading(routes: APIRouter, kind: Kind[Any]) -> None:
    key_of = _key_of(kind)

    async def listed(request: Request, node: TheNode, sight: TheSight, listing: Listing) -> Response:
        return answers.listed(await node.database.read(listings.page, kind, listing, sight), request)

    @routes.get("/{origin}/{id}", response_model=kind.told, summary=f"Read a {kind.name}")
    async def found(
        key: Annotated[Key, Depends(key_of)], node: TheNode, sight: TheSight, precondition: ThePrecondition
    ) -> Response:
        return answers.found(await node.database.glance(_found, kind, key, sight), precondition)

    order = "the newest first" if kind.newest_first else "in their order"
    _asked(listed, listing=kind.listing)
    routes.get("", response_model=kind.page, summary=f"List {kind.plural}, {order}")(listed)


def _writing(routes: APIRouter, kind: Kind[Any]) -> None:
    async def draft_of(request: Request) -> Draft:
        return kind.draft.parse(wire.read(await request.body()), kind.name)

    our_key_of = _our_key_of(kind)
    taken = takes(JSON, schema=kind.draft.model_json_schema())

    @routes.put(
        "/{origin}/{id}",
        response_model=kind.told,
        responses={201: {"model": kind.told}},
        dependencies=EDITORS,
        openapi_extra=taken,
        summary=f"Create or revise a {kind.name} of this node",
    )
    async def put(
        key: Annotated[Key, Depends(our_key_of)],
        node: TheNode,
        draft: Annotated[Draft, Depends(draft_of)],
        precondition: ThePrecondition,
    ) -> Response:
        done, answer = await node.database.write(_put, node.incarnation, kind, key, draft, precondition)
        node.ring()
        return _told(kind, key, done, answer)

    @routes.post(
        "",
        response_model=kind.told,
        status_code=201,
        dependencies=EDITORS,
        openapi_extra=taken,
        summary=f"Create a {kind.name} of this node; the node makes its id",
    )
    async def post(node: TheNode, draft: Annotated[Draft, Depends(draft_of)], sending: TheSending) -> Response:
        key = Key.make(node.incarnation.origin, kind.name, kind.new_id(draft, secrets.token_hex(5)))
        made, answer = await node.database.write(_post, node.incarnation, kind, key, draft, sending)
        node.ring()
        return _told(kind, made, Put(answer.version, "created"), answer)


def _ending(routes: APIRouter, kind: Kind[Any]) -> None:
    our_key_of = _our_key_of(kind)

    @routes.delete(
        "/{origin}/{id}", status_code=204, dependencies=EDITORS, summary=f"Delete a {kind.name} of this node"
    )
    async def delete(
        key: Annotated[Key, Depends(our_key_of)],
        node: TheNode,
        precondition: ThePrecondition,
        undo_seconds: UndoSeconds = 0,
    ) -> Response:
        version = await node.database.write(
            kind.own.delete, node.incarnation, key.id, precondition, undo_seconds=undo_seconds
        )
        node.ring()
        return Response(status_code=204, headers=after.headers(key, version))

    @routes.post(
        "/{origin}/{id}/undelete",
        response_model=kind.told,
        dependencies=EDITORS,
        summary=f"Take back the deletion of a {kind.name}, while it has not left",
    )
    async def undelete(key: Annotated[Key, Depends(our_key_of)], node: TheNode) -> Response:
        done, answer = await node.database.write(_undelete, node.incarnation, kind, key)
        node.ring()
        return _told(kind, key, done, answer)

    async def reason_of(request: Request) -> str:
        return TakedownIn.parse(wire.read(await request.body())).reason

    @routes.post(
        "/{origin}/{id}/takedown",
        status_code=204,
        dependencies=REVIEWERS,
        openapi_extra=takes(JSON, schema=TakedownIn.model_json_schema()),
        summary=f"Take down a {kind.name} of this node, with a reason that all who could read it may know",
    )
    async def takedown(
        key: Annotated[Key, Depends(our_key_of)],
        node: TheNode,
        reason: Annotated[str, Depends(reason_of)],
        precondition: ThePrecondition,
    ) -> Response:
        done = await node.database.write(kind.takedowns.take_down, node.incarnation, key.id, reason, precondition)
        node.ring()
        said = Key(key.origin, kind.takedowns.kind, key.id)
        return Response(status_code=204, headers=after.headers(said, done.version))


def _many(routes: APIRouter, kind: Kind[Any]) -> None:
    @routes.post(
        "/bulk",
        response_model=Report,
        dependencies=[*EDITORS, Depends(_lines)],
        openapi_extra=takes(
            NDJSON, CSV, schema={"type": "string", "description": f"A {kind.name} a line, each with its id."}
        ),
        summary=f"Import {kind.plural}: all of them or none, or with keep_going those that can be",
    )
    async def imported(request: Request, node: TheNode, dry_run: bool = False, keep_going: bool = False) -> Report:
        us = node.incarnation
        staged = await imports.stage(request.stream(), media_type(request), us.origin, kind)
        return await imports.carry_out(staged, node.database, us, node.ring, dry_run=dry_run, keep_going=keep_going)

    async def exported(request: Request, node: TheNode, sight: TheSight, asked: Export) -> Response:
        form = asked.format or accepted(request.headers.get("accept", "*/*"))
        lines = exports.lines(node.database, kind, asked, sight, FORMATS[form])
        headers = {
            "Content-Disposition": f'attachment; filename="{kind.plural}.{form}"',
            "Vary": "Accept, Authorization",
            "Cache-Control": "no-cache",
        }
        return StreamingResponse(lines, media_type=FORMATS[form], headers=headers)

    _asked(exported, asked=kind.export)
    routes.get(
        "/export",
        response_class=Response,
        responses={200: {"content": {form: {"schema": {"type": "string"}} for form in FORMATS.values()}}},
        summary=f"Export {kind.plural}: what you may see, in lines that can be imported again",
    )(exported)


def _asked(endpoint: Callable[..., Any], **models: type[Filters]) -> None:
    """Let these parameters be read from the query as the kind's own models say, which no annotation can name."""
    endpoint.__annotations__ |= {name: Annotated[model, Query()] for name, model in models.items()}


def _key_of(kind: Kind[Any]) -> Callable[..., Any]:
    async def key_of(origin: str, id: str) -> Key:  # the path's own words
        return Key.make(origin, kind.name, id)

    return key_of


def _our_key_of(kind: Kind[Any]) -> Callable[..., Any]:
    async def our_key_of(origin: str, id: str, node: TheNode) -> Key:
        return ours(Key.make(origin, kind.name, id), node)

    return our_key_of


async def _lines(request: Request) -> None:
    if media_type(request) not in FORMATS.values():
        raise NotLines(f"an import is {NDJSON} or {CSV}")


def accepted(accept: str) -> str:
    """The form of an export that Accept names first."""
    accept = accept.lower()
    named = {accept.find(media_type): form for form, media_type in FORMATS.items() if media_type in accept}
    if not named and not any(anything in accept for anything in ("*/*", "application/*")):
        raise NotOffered(f"an export does not come as {accept[:200]}")
    return named[min(named)] if named else "ndjson"


def _told(kind: Kind[Any], key: Key, done: Put, answer: Answer) -> Response:
    response = answers.written(done, answer, f"{kind.path}/{key.origin}/{key.id}")
    response.headers.update(after.headers(key, done.version))
    return response


def _found(session: Session, kind: Kind[Any], key: Key, sight: Sight) -> Answer:
    answer = answers.find(session, kind.shelf, key, sight)
    return answer.with_members(kind.beside(session, key, sight))


def _put(
    session: Session, us: Incarnation, kind: Kind[Any], key: Key, draft: Draft, precondition: Precondition
) -> tuple[Put, Answer]:
    done = writing.put(session, us, kind, key.id, draft, precondition)
    return done, _found(session, kind, key, Sight.EDITORS)


def _undelete(session: Session, us: Incarnation, kind: Kind[Any], key: Key) -> tuple[Put, Answer]:
    done = writing.undelete(session, us, kind, key.id)
    return done, _found(session, kind, key, Sight.EDITORS)


def _post(
    session: Session, us: Incarnation, kind: Kind[Any], key: Key, draft: Draft, sending: Sending | None
) -> tuple[Key, Answer]:
    made = once(session, us, sending, key, lambda: writing.put(session, us, kind, key.id, draft, NEW))
    return made, _found(session, kind, made, Sight.EDITORS)

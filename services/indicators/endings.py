"""The routes by which a series ends, or comes back: deleted for good or for a while, taken down with a reason."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from sqlmodel import Session

from services.indicators import shelf
from services.indicators.schemas import KIND, SeriesOut
from services.indicators.store import OURS, TAKEDOWNS
from weft.journal.incarnation import Incarnation
from weft.protocol.names import Key
from weft.records import after, answers, wire
from weft.records.answers import JSON, Answer
from weft.records.node import EDITORS, REVIEWERS, TheNode, ThePrecondition, ours, takes
from weft.records.own import Put
from weft.records.resource import UndoSeconds
from weft.records.sight import Sight
from weft.records.takedown import TakedownIn

PATH = "/api/v1/series"
router = APIRouter(prefix=PATH, tags=["series"])


async def _key(origin: str, id: str) -> Key:  # the path's own words
    return Key.make(origin, KIND, id)


async def _ours(key: Annotated[Key, Depends(_key)], node: TheNode) -> Key:
    return ours(key, node)


async def _reason(request: Request) -> str:
    return TakedownIn.parse(wire.read(await request.body())).reason


TheKey = Annotated[Key, Depends(_key)]
OurKey = Annotated[Key, Depends(_ours)]


@router.delete("/{origin}/{id}", status_code=204, dependencies=EDITORS, summary="Delete a series of this node")
async def delete(key: OurKey, node: TheNode, precondition: ThePrecondition, undo_seconds: UndoSeconds = 0) -> Response:
    version = await node.database.write(OURS.delete, node.incarnation, key.id, precondition, undo_seconds=undo_seconds)
    node.ring()
    return Response(status_code=204, headers=after.headers(key, version))


@router.post(
    "/{origin}/{id}/undelete",
    response_model=SeriesOut,
    dependencies=EDITORS,
    summary="Take back the deletion of a series, while it has not left",
)
async def undelete(key: OurKey, node: TheNode) -> Response:
    done, answer = await node.database.write(_undelete, node.incarnation, key)
    node.ring()
    return told(done, key, answer)


@router.post(
    "/{origin}/{id}/takedown",
    status_code=204,
    dependencies=REVIEWERS,
    openapi_extra=takes(JSON, schema=TakedownIn.model_json_schema()),
    summary="Take down a series of this node, with a reason that all who could read it may know",
)
async def takedown(
    key: OurKey, node: TheNode, reason: Annotated[str, Depends(_reason)], precondition: ThePrecondition
) -> Response:
    done = await node.database.write(TAKEDOWNS.take_down, node.incarnation, key.id, reason, precondition)
    node.ring()
    return Response(status_code=204, headers=after.headers(Key(key.origin, TAKEDOWNS.kind, key.id), done.version))


def told(done: Put, key: Key, answer: Answer) -> Response:
    """A series that was written, where it is, and the header by which a read waits for it."""
    response = answers.written(done, answer, f"{PATH}/{key.origin}/{key.id}")
    response.headers.update(after.headers(key, done.version))
    return response


def _undelete(session: Session, us: Incarnation, key: Key) -> tuple[Put, Answer]:
    done = TAKEDOWNS.undelete(session, us, key.id)
    return done, shelf.find(session, key, Sight.EDITORS)

"""Records as the bytes that answer a request, and the headers that go with them."""

from typing import Any, NamedTuple

from fastapi import Request, Response
from sqlalchemy import ColumnElement, Table, select
from sqlmodel import Session

from weft.problems import NotFound
from weft.protocol.names import Key, Version
from weft.records import audiences, wire
from weft.records.own import Put
from weft.records.pages import Page, following
from weft.records.preconditions import Precondition
from weft.records.sight import Sight

JSON = "application/json"
COLUMNS = ("origin", "id", "epoch", "number", "public", "audience", "members")
"""What an item is made of."""


class Answer(NamedTuple):
    """A record as the bytes that answer a request."""

    version: Version
    data: bytes


def find(session: Session, rows: Table, key: Key, sight: Sight, visible: ColumnElement[bool]) -> Answer:
    """One record with all that it says.

    Raises:
        NotFound: it is not here, or not for this caller.
    """
    query = select(*(rows.c[name] for name in COLUMNS), rows.c.rest).where(
        rows.c.origin == key.origin, rows.c.id == key.id, visible
    )
    line = session.connection().execute(query).first()
    if line is None:
        raise NotFound(f"there is no {key.kind} {key.origin}/{key.id}")
    return Answer(Version(line.epoch, line.number), item(line, key.kind, sight, line.rest))


def item(line: Any, kind: str, sight: Sight, rest: bytes = b"") -> bytes:
    """A row as a list shows it; with `rest` as the record itself is shown."""
    head: wire.Object = {
        "origin": line.origin,
        "key": str(Key(line.origin, kind, line.id)),
        "version": str(Version(line.epoch, line.number)),
        "visibility": "public" if line.public else "restricted",
    }
    if line.audience and sight is Sight.EDITORS:
        head["audience"] = audiences.told(line.audience)
    return wire.joined(wire.members(head), line.members, rest)


def found(answer: Answer, precondition: Precondition) -> Response:
    """A record that was asked for, or that who asks has it already."""
    headers = {"ETag": f'"{answer.version}"', "Vary": "Authorization", "Cache-Control": "no-cache"}
    if precondition.has(str(answer.version)):
        return Response(status_code=304, headers=headers)
    return Response(answer.data, media_type=JSON, headers=headers)


def written(done: Put, answer: Answer, path: str) -> Response:
    """A record that was put, and where it is."""
    headers = {"ETag": f'"{done.version}"', "Location": path}
    status = 201 if done.outcome == "created" else 200
    return Response(answer.data, status_code=status, media_type=JSON, headers=headers)


def listed(page: Page, request: Request) -> Response:
    """A page of a listing, and the way to the next."""
    headers = {"Vary": "Authorization", **following(request.url, page.next)}
    return Response(page.to_bytes(), media_type=JSON, headers=headers)

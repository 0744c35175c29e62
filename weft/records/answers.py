"""Records as the bytes that answer a request, and the headers that go with them."""

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

from fastapi import Request, Response
from sqlalchemy import Select, bindparam, select
from sqlmodel import Session

from weft.problems import NotFound
from weft.protocol.names import Key, Version
from weft.records import audiences, takedown, wire
from weft.records.own import Put
from weft.records.pages import Page, following
from weft.records.preconditions import Precondition
from weft.records.rows import Shelf
from weft.records.sight import Sight

JSON = "application/json"
COLUMNS = ("origin", "id", "epoch", "number", "public", "audience", "members")
"""What an item is made of."""


class Answer(NamedTuple):
    """A record as the bytes that answer a request. `beside` tells apart what was added, of which its version says nothing."""

    version: Version
    data: bytes
    beside: str = ""

    @property
    def etag(self) -> str:
        return f'"{self.version};{self.beside}"' if self.beside else f'"{self.version}"'

    def with_members(self, others: Mapping[str, Any]) -> "Answer":
        """This, and members that were found when it was asked for."""
        if not others:
            return self
        added = wire.members(others)
        return Answer(self.version, wire.joined(self.data[1:-1], added), hashlib.sha256(added).hexdigest()[:16])


def find(session: Session, shelf: Shelf, key: Key, sight: Sight) -> Answer:
    """One record with all that it says.

    Raises:
        NotFound: it is not here, or not for this caller.
        TakenDown: it was here, and was taken down for a reason that is told.
    """
    place = {"its_origin": key.origin, "its_id": key.id}
    line = session.connection().execute(_one(shelf, sight), place).first()
    if line is None:
        takedown.raise_if(session, key, sight)
        raise NotFound(f"there is no {key.kind} {key.origin}/{key.id}")
    return Answer(Version(line.epoch, line.number), item(line, key.kind, sight, line.rest))


@cache
def _one(shelf: Shelf, sight: Sight) -> Select[Any]:
    """The query of one record. Putting it together takes longer than the database takes to answer it."""
    rows = shelf.rows
    named = (rows.c.origin == bindparam("its_origin"), rows.c.id == bindparam("its_id"))
    return select(*(rows.c[name] for name in COLUMNS), rows.c.rest).where(*named, shelf.visible(sight))


def item(line: Any, kind: str, sight: Sight, rest: bytes = b"") -> bytes:
    """A row as a list shows it; with `rest` as the record itself is shown."""
    head: wire.Object = {
        "origin": line.origin,
        "key": str(Key(line.origin, kind, line.id)),
        "version": str(Version(line.epoch, line.number)),
        "visibility": "public" if line.public else "restricted",
    }
    if line.audience and sight is Sight.EDITORS:
        head |= audiences.told(line.audience)
    return wire.joined(wire.members(head), line.members, rest)


def found(answer: Answer, precondition: Precondition) -> Response:
    """A record that was asked for, or that who asks has it already."""
    headers = {"ETag": answer.etag, "Vary": "Authorization", "Cache-Control": "no-cache"}
    if precondition.has(answer.etag.strip('"')):
        return Response(status_code=304, headers=headers)
    return Response(answer.data, media_type=JSON, headers=headers)


def written(done: Put, answer: Answer, path: str) -> Response:
    """A record that was put, and where it is."""
    headers = {"ETag": answer.etag, "Location": path}
    status = 201 if done.outcome == "created" else 200
    return Response(answer.data, status_code=status, media_type=JSON, headers=headers)


def listed(page: Page, request: Request) -> Response:
    """A page of a listing, and the way to the next."""
    headers = {"Vary": "Authorization", **following(request.url, page.next)}
    return Response(page.to_bytes(), media_type=JSON, headers=headers)

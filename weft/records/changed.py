"""The route by which clients follow what a service shows. What is told is said in `changelog`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from weft.records import changelog, waiting
from weft.records.answers import JSON
from weft.records.changelog import Asked, Shelves
from weft.records.node import TheNode, TheSight
from weft.records.times import Time
from weft.records.wire import Object

PATH = "/api/v1/changes"


class ChangeOut(BaseModel):
    """What changed last of a key. `record` comes with a put where it was asked for."""

    op: Literal["put", "delete"]
    origin: str
    kind: str
    id: str
    key: str
    version: str
    changed_at: Time
    record: Object | None = None


class ChangePage(BaseModel):
    """Changes in their order. `next` is the `since` of the next question, at once where there is `more`."""

    items: list[ChangeOut]
    next: str
    more: bool


def router(shelves: Shelves) -> APIRouter:
    """The route, for a service that shows these kinds."""
    routes = APIRouter(tags=["changes"])

    @routes.get(PATH, response_model=ChangePage, summary="What changed since a cursor, for whoever keeps a copy")
    async def changes(node: TheNode, sight: TheSight, asked: Annotated[Asked, Query()]) -> Response:
        page = await waiting.until(
            node,
            lambda session: changelog.page(session, asked, sight, shelves),
            lambda page: bool(page.items),
            asked.wait,
        )
        headers = {"Vary": "Authorization", "Cache-Control": "no-cache"}
        return Response(page.to_bytes(), media_type=JSON, headers=headers)

    return routes

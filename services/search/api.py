"""The search service's routes. Endpoints only join what a request says to what the service does."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Query, Request, Response

from services.search import store
from services.search.documents import folded
from services.search.engine.interface import InvalidQuery, Visibility
from services.search.index import Index
from services.search.indexer import Indexer
from services.search.schemas import SUGGESTED, Asked, Beginning, Found, Rebuilt, Suggestion, Suggestions, Verification
from services.search.sight import sight_of
from weft.database import Database
from weft.identity import Role, caller_of, require
from weft.problems import Invalid
from weft.records.after import AFTER
from weft.records.pages import following

router = APIRouter(prefix="/api/v1/search", tags=["search"], dependencies=AFTER)
VARY = {"Vary": "Authorization"}


class Node(Protocol):
    """What the routes need of the running service."""

    @property
    def database(self) -> Database: ...
    @property
    def index(self) -> Index: ...
    @property
    def indexer(self) -> Indexer: ...


async def _node(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


async def _sight(request: Request) -> Visibility:
    return sight_of(caller_of(request))


async def _operator(request: Request) -> None:
    require(request, Role.OPERATOR)


TheNode = Annotated[Node, Depends(_node)]
TheSight = Annotated[Visibility, Depends(_sight)]
OPERATORS = [Depends(_operator)]


@router.get("", summary="Search the whole network's documents in any language")
async def search(
    request: Request, response: Response, node: TheNode, sight: TheSight, asked: Annotated[Asked, Query()]
) -> Found:
    try:
        page = await node.index.query(asked.query(sight))
    except InvalidQuery as error:
        raise Invalid(str(error)) from None
    response.headers.update(VARY | following(request.url, page.next))
    return Found.of(page, facets=asked.facets)


@router.get("/suggest", summary="Titles that begin as was typed")
async def suggest(
    response: Response, node: TheNode, sight: TheSight, typed: Annotated[Beginning, Query()]
) -> Suggestions:
    response.headers.update(VARY)
    beginning = folded(typed.q)
    found = await node.database.read(store.suggestions, beginning, sight, SUGGESTED) if beginning else []
    return Suggestions(items=[Suggestion.of(item) for item in found])


@router.post("/rebuild", dependencies=OPERATORS, summary="Make the index anew; answered when it is done")
async def rebuild(node: TheNode) -> Rebuilt:
    return await node.indexer.rebuild()


@router.get("/verify", dependencies=OPERATORS, summary="Compare the index with the database and name what differs")
async def verify(node: TheNode) -> Verification:
    return await node.index.verify()

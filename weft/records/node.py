"""What routes of records need of the running service and of the request. No routes here.

Dependencies are coroutines, since FastAPI takes each that is not through a thread of its own, which took most of the time
of a read.
"""

from collections.abc import Callable
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request

from weft.database import Database
from weft.exchange.bell import Bell
from weft.identity import Role, caller_of, require
from weft.journal.incarnation import Incarnation
from weft.problems import NotOurs
from weft.protocol.names import Key
from weft.records.preconditions import Precondition
from weft.records.sight import Sight


class Node(Protocol):
    """What the routes need of the running service. `ring` wakes the sequencer after a write, and who waits at the bell."""

    @property
    def database(self) -> Database: ...
    @property
    def incarnation(self) -> Incarnation: ...
    @property
    def bell(self) -> Bell: ...
    @property
    def ring(self) -> Callable[[], None]: ...


async def _node(request: Request) -> Node:
    node: Node = request.app.state.node
    return node


async def _sight(request: Request) -> Sight:
    return Sight.of(caller_of(request))


async def _precondition(request: Request) -> Precondition:
    return Precondition.of(request.headers)


async def _editor(request: Request) -> None:
    require(request, Role.EDITOR)


async def _reviewer(request: Request) -> None:
    require(request, Role.REVIEWER)


TheNode = Annotated[Node, Depends(_node)]
TheSight = Annotated[Sight, Depends(_sight)]
ThePrecondition = Annotated[Precondition, Depends(_precondition)]
EDITORS = [Depends(_editor)]
REVIEWERS = [Depends(_reviewer)]


def ours(key: Key, node: Node) -> Key:
    """The key, which is one of this node's.

    Raises:
        NotOurs: it is another's.
    """
    if key.origin != (us := node.incarnation.origin):
        raise NotOurs(f"{key} belongs to {key.origin}; this node is {us}", owner=key.origin)
    return key


def media_type(request: Request) -> str:
    """What the body is, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def takes(*media_types: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The description of a body that is read here and not by the framework, which would not bound it."""
    return {"requestBody": {"required": True, "content": {name: {"schema": schema} for name in media_types}}}

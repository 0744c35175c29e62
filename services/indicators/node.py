"""What every route needs of the running service and of the request. No routes here."""

from collections.abc import Callable
from typing import Annotated, Protocol

from fastapi import Depends, Request
from starlette.datastructures import URL

from services.indicators.sight import Sight
from weft.database import Database
from weft.identity import Role, caller_of, require
from weft.journal.incarnation import Incarnation


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


def require_editor(request: Request) -> None:
    """Let editors pass."""
    require(request, Role.EDITOR)


TheNode = Annotated[Node, Depends(_node)]
TheSight = Annotated[Sight, Depends(_sight)]


def following(url: URL, after: str | None) -> dict[str, str]:
    """The Link header to the page that follows, if one does."""
    if after is None:
        return {}
    there = url.include_query_params(after=after)
    return {"Link": f'<{there.path}?{there.query}>; rel="next"'}

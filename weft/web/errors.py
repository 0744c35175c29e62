"""The edge where errors become RFC 9457 problem documents, and where a bug is logged once."""

from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from weft import problems
from weft.problems import Problem
from weft.protocol.refusals import Refusal

log = structlog.get_logger("weft.web")
PROBLEM_JSON = "application/problem+json"
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")

_BY_STATUS = {
    kind.status: kind for kind in (problems.NotFound, problems.TooLarge, problems.Malformed, problems.Unavailable)
}


class MethodNotAllowed(Problem):
    status, code, title = 405, "method-not-allowed", "This address does not take that method"
    hint = "The Allow header names the methods it takes."


def install(app: FastAPI) -> None:
    """Translate every kind of error once."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _bug)


def respond(problem: Problem, request_id: str, headers: Mapping[str, str] | None = None) -> Response:
    """The answer that a problem becomes."""
    document = {**problem.document(), "request_id": request_id}
    return Response(
        msgspec.json.encode(document),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers={**problem.headers, **(headers or {})},
    )


def request_id(request: Request) -> str:
    return str(request.scope.get("weft.request_id", ""))


async def _problem(request: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    if error.status >= 500:
        log.warning("problem", code=error.code, detail=error.detail)
    return respond(error, request_id(request))


async def _validation(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    fields = [_field(item) for item in error.errors()[:20]]
    unreadable = any(item["type"] == "json_invalid" for item in error.errors())
    kind = problems.Malformed if unreadable else problems.Invalid
    detail = "; ".join(f"{field['field']}: {field['why']}" for field in fields)
    return respond(kind(detail[:2000], fields=fields), request_id(request))


def _field(item: Mapping[str, Any]) -> dict[str, str]:
    place = [str(part) for part in item["loc"]]
    return {"field": ".".join(place[1:]) or place[0], "where": place[0], "why": str(item["msg"])}


async def _refusal(request: Request, error: Exception) -> Response:
    """Bytes or names in a request that the protocol refuses."""
    if not isinstance(error, Refusal):
        raise error
    return respond(problems.Malformed(error.why[:500], refused=error.code), request_id(request))


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    if isinstance(error.__cause__, Problem):  # what the framework met while it read the body
        return respond(error.__cause__, request_id(request))
    if error.status_code == MethodNotAllowed.status:
        return respond(MethodNotAllowed(), request_id(request), {**(error.headers or {}), **_allow(request)})
    kind = _BY_STATUS.get(error.status_code, problems.Malformed)
    return respond(kind(str(error.detail)), request_id(request), error.headers)


def _allow(request: Request) -> dict[str, str]:
    """The methods that this address takes; the framework names those of the first of its routes alone."""
    taken = [method for method in METHODS if any(_takes(route, request, method) for route in request.app.routes)]
    return {"Allow": ", ".join(taken)} if taken else {}


def _takes(route: BaseRoute, request: Request, method: str) -> bool:
    return route.matches({**request.scope, "method": method})[0] is Match.FULL


async def _bug(request: Request, error: Exception) -> Response:
    log.error("bug", exc_info=error, path=request.url.path)
    return respond(Problem(), request_id(request))

"""The plain pages: home, how the network is, a search, the description of the API. They need no script and no other site."""

from importlib.resources import files
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from jinja2 import Environment, PackageLoader

from gateway.gate import gate_of
from gateway.home import Front
from gateway.network import Network, read_network
from gateway.openapi import description_of
from gateway.reference import reference
from gateway.results import Results, read_results
from weft import __version__
from weft.identity import caller_of
from weft.problems import Problem

HTML = "text/html; charset=utf-8"
QUERY_CHARACTERS = 500
PAGE = "20"
STYLE = files("gateway").joinpath("static", "style.css").read_bytes()

router = APIRouter(include_in_schema=False)
_templates = Environment(
    loader=PackageLoader("gateway"), autoescape=True, trim_blocks=True, lstrip_blocks=True, auto_reload=False
)


@router.get("/")
async def home(request: Request) -> Response:
    """What this node is and has."""
    front: Front = request.app.state.front
    return _page(request, "home.html", home=await front.read())


@router.get("/network")
async def network(request: Request) -> Response:
    """Who takes part and how fresh this node's copies are."""
    seen: Network | None = None
    why = ""
    try:
        reply = await gate_of(request).upstreams.ask("sync", "/api/v1/network", caller_of(request))
        seen = read_network(reply.status, reply.body)
    except Problem as problem:
        why = problem.detail
    return _page(request, "network.html", network=seen, why=why)


@router.get("/search")
async def search(
    request: Request,
    q: Annotated[str, Query()] = "",
    after: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """What the index finds, as a page."""
    words = q[:QUERY_CHARACTERS]
    found: Results | None = None
    why = ""
    try:
        if words.strip():
            query = [("q", words), ("limit", PAGE), *([("after", after)] if after else [])]
            reply = await gate_of(request).upstreams.ask("search", "/api/v1/search", caller_of(request), query)
            found = read_results(reply.status, reply.body)
    except Problem as problem:
        why = problem.detail
    return _page(request, "search.html", q=words, found=found, why=why, after=after)


@router.get("/docs")
async def docs(request: Request) -> Response:
    """The API's description as a page."""
    described = await description_of(request).read()
    return _page(request, "docs.html", api=reference(described.tree))


@router.get("/style.css")
async def style() -> Response:
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def problem_page(problem: Problem, request_id: str, title: str) -> Response:
    """A problem as a person reads it; the status and headers are those of the document."""
    text = _templates.get_template("problem.html").render(
        problem=problem, request_id=request_id, node=title, version=__version__
    )
    return Response(text, problem.status, {**problem.headers, "Vary": "Accept"}, HTML)


def _page(request: Request, template: str, **shown: Any) -> Response:
    text = _templates.get_template(template).render(node=gate_of(request).title, version=__version__, **shown)
    return Response(text, media_type=HTML, headers={"Cache-Control": "no-cache", "Vary": "Authorization"})

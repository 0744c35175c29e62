"""The plain pages: how the network is, a search, the description of the API. They need no script and no other site."""

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from gateway.gate import gate_of
from gateway.network import Network, read_network
from gateway.openapi import description_of
from gateway.reference import reference
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
_marks = re.compile(r"</?mark>")


@router.get("/")
async def status(request: Request) -> Response:
    """Who takes part and how fresh this node's copies are."""
    network: Network | None = None
    why = ""
    try:
        reply = await gate_of(request).upstreams.ask("sync", "/api/v1/network", caller_of(request))
        network = read_network(reply.status, reply.body)
    except Problem as problem:
        why = problem.detail
    return _page(request, "status.html", network=network, why=why, seen_at=datetime.now(UTC))


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
            query = {"q": words, "limit": PAGE, **({"after": after} if after else {})}
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


class Hit(msgspec.Struct):
    """What the page needs of a document found. `highlights`: HTML in which only `<mark>` is markup."""

    key: str
    title: str
    origin: str = ""
    language: str = "und"
    type: str = ""
    issued: str | None = None
    description: str | None = None
    highlights: Mapping[str, str] = {}

    @property
    def address(self) -> str:
        """Where the record is; today only documents are found."""
        origin, _, id_ = self.key.split("/", 2)
        return f"/api/v1/documents/{origin}/{id_}"

    @property
    def heading(self) -> Markup:
        return marked(self.highlights["title"]) if self.highlights.get("title") else escape(self.title)

    @property
    def passage(self) -> Markup:
        for part in ("text", "description"):
            if text := self.highlights.get(part):
                return marked(text)
        return escape((self.description or "")[:240])

    def __post_init__(self) -> None:
        if self.key.count("/") != 2:
            raise ValueError("key is not origin/kind/id")


class Results(msgspec.Struct):
    items: list[Hit]
    total: int
    next: str | None = None


def read_results(status: int, body: bytes) -> Results:
    """The search service's answer.

    Raises:
        Problem: it is another one; what the service said of it is passed on.
    """
    if status != 200:
        raise Problem(said(body) or f"the search answered {status}")
    try:
        return msgspec.json.decode(body, type=Results)
    except msgspec.DecodeError as error:
        raise Problem(f"the search's answer cannot be read: {error}") from None


def said(body: bytes) -> str:
    """The detail of a problem document."""
    try:
        tree = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return ""
    return str(tree.get("detail", ""))[:500] if isinstance(tree, dict) else ""


def marked(text: str) -> Markup:
    """A passage with its marks. Everything else in it is escaped again here, whoever wrote it."""
    parts = [escape(html.unescape(part)) for part in _marks.split(text)]
    tags = [Markup("<mark>") if tag == "<mark>" else Markup("</mark>") for tag in _marks.findall(text)]
    if [str(tag) for tag in tags] != ["<mark>", "</mark>"] * (len(tags) // 2):
        return Markup("").join(parts)
    return Markup("").join(piece for pair in zip(parts, [*tags, Markup("")], strict=True) for piece in pair)

"""What the search and the lists of services answer, as pages show it: words stay words, whoever wrote them."""

import html
import re
from collections.abc import Mapping

import msgspec
from markupsafe import Markup, escape

from gateway.upstream import said
from weft.problems import Problem

_marks = re.compile(r"</?mark>")


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


def marked(text: str) -> Markup:
    """A passage with its marks. Everything else in it is escaped again here, whoever wrote it."""
    parts = [escape(html.unescape(part)) for part in _marks.split(text)]
    tags = [Markup("<mark>") if tag == "<mark>" else Markup("</mark>") for tag in _marks.findall(text)]
    if [str(tag) for tag in tags] != ["<mark>", "</mark>"] * (len(tags) // 2):
        return Markup("").join(parts)
    return Markup("").join(piece for pair in zip(parts, [*tags, Markup("")], strict=True) for piece in pair)

"""What the search service asks of a search engine. Not how: one is embedded, another may be a server."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

MAX_TEXT = 500
MAX_LIMIT = 100
MAX_DEPTH = 10_000
MAX_CHOICES = 100


class InvalidQuery(ValueError):
    """A query that no engine answers: out of bounds, or with a cursor that no page gave out."""


class Busy(RuntimeError):
    """Another process owns the index."""


class Away(RuntimeError):
    """The engine cannot be reached or has too much to do. What was asked may be asked again."""


class Lost(RuntimeError):
    """The index is not there any more. It has to be made anew."""


DRAFT = "draft"


class Upsert(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it is searched and shown.

    `version` orders all changes, those of who may see it included, and no two have the same; `revision` is what people
    know it by.
    """

    key: str
    version: int
    origin: str
    id: str
    type: str
    language: str
    title: str
    public: bool
    updated_at: str
    description: str = ""
    text: str = ""
    subject: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    issued: str | None = None
    status: str = "published"
    revision: str = ""


class Remove(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a document, at the version that ended it."""

    key: str
    version: int


Change = Upsert | Remove


class Visibility(Enum):
    """Whose eyes: everyone's, the node's own staff's, who see what is not public too, or its editors', who see drafts."""

    PUBLIC = "public"
    STAFF = "staff"
    EDITORS = "editors"


class Order(Enum):
    """What comes first: what fits the words best, or what is newest."""

    RELEVANCE = "relevance"
    DATE = "date"


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """What to keep: any of a field's values, in every field that has some. Countries are M49 codes.

    A language stands for its regions and scripts: `es` and `es-MX` are the same filter.
    """

    origin: tuple[str, ...] = ()
    theme: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    country: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    type: tuple[str, ...] = ()


FILTERS: tuple[str, ...] = Filters.__struct_fields__


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """A person's words, in any language and never wrong, and what to keep, count and show.

    Words are any-of (half of them when there are four or more), best fit first; "quoted words" must stand together;
    -word or -"words" must not occur. No words at all means everything, newest first. `after` is a page's `next`: a
    place in the ranking of that moment, so a change between pages may shift it; 10,000 hits deep is the end.

    Raises:
        InvalidQuery: a bound is exceeded.
    """

    visibility: Visibility
    text: str = ""
    filters: Filters = Filters()
    facets: tuple[str, ...] = ()
    order: Order = Order.RELEVANCE
    limit: int = 10
    after: str | None = None

    def __post_init__(self) -> None:
        if len(self.text) > MAX_TEXT:
            raise InvalidQuery(f"the text is longer than {MAX_TEXT} characters")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise InvalidQuery(f"limit is not between 1 and {MAX_LIMIT}")
        if any(len(getattr(self.filters, field)) > MAX_CHOICES for field in FILTERS):
            raise InvalidQuery(f"a filter has more than {MAX_CHOICES} values")
        if unknown := set(self.facets) - set(FILTERS):
            raise InvalidQuery(f"no facets are counted for {', '.join(sorted(unknown))}")


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A document found, without its text, and where the words stand in it.

    `highlights` has the fields in which words were found: the whole title, a passage of the description and of the
    text, as HTML in which everything is escaped but `<mark>`.
    """

    document: Upsert
    score: float | None
    highlights: Mapping[str, str]


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the hits, how many there are, and by value how many there were without a filter on that facet's field."""

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]]
    next: str | None


class Holding(NamedTuple):
    """A document that an index holds, by its fingerprint."""

    key: str
    version: int
    fingerprint: bytes


class Refusal(NamedTuple):
    """A document that the engine will never take, and why."""

    key: str
    why: str


class Engine(Protocol):
    """An index of documents. Its methods block, and may be called from any thread.

    Raises:
        Away: any method may, unless the engine is embedded.
        Lost: any method may but `generation` and `replace`.
    """

    def generation(self) -> str:
        """Which index it is, of all that ever were: a name used once. Empty when there is none that can be read."""

    def write(self, changes: Sequence[Change]) -> Sequence[Refusal]:
        """Apply a batch, durable and searchable on return; a change older than what is known of its key is void."""

    def query(self, q: Query) -> Page:
        """Find documents.

        Raises:
            InvalidQuery: `after` is no page's `next`.
        """

    def count(self) -> int:
        """How many documents there are."""

    def latest(self) -> int:
        """The highest version that is known of anything, removed documents included; 0 for an empty index."""

    def held(self) -> Iterator[Holding]:
        """Every document that was written, in no order, as of one moment."""

    def replace(self, documents: Iterable[Upsert]) -> Sequence[Refusal]:
        """Make the index anew from all documents. Queries see the old one, then the new; removals are forgotten."""

    def sweep(self) -> None:
        """Remove what a process left behind that died while it made the index anew."""

    def close(self) -> None:
        """Give the index free for another owner."""

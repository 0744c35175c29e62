"""The forms of questions to the search service and of its answers. The form of what is indexed: `documents`."""

from typing import Annotated, Literal

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from services.search.engine.interface import (
    FILTERS,
    MAX_CHOICES,
    MAX_LIMIT,
    MAX_TEXT,
    Filters,
    Hit,
    Order,
    Page,
    Query,
    Visibility,
)
from services.search.store import Suggested
from weft.records.countries import Country, CountryOut

SUGGESTED = 10


Value = Annotated[str, Field(min_length=1, max_length=128)]
Values = Annotated[list[Value], Field(max_length=MAX_CHOICES)]
Countries = Annotated[list[Country], Field(max_length=MAX_CHOICES)]


class Asked(BaseModel):
    """A question. A filter may be repeated: any of its values will do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str = Field("", max_length=MAX_TEXT, description='Words, "a phrase", -excluded; none: everything, newest first.')
    origin: Values = Field([], description="Nodes, like `eclac`.")
    theme: Values = []
    group: Values = []
    country: Countries = Field([], description="M49, ISO 2 or ISO 3.")
    language: Values = Field([], description="`es` also finds `es-MX`.")
    type: Values = []
    order: Order = Order.RELEVANCE
    limit: int = Field(10, ge=1, le=MAX_LIMIT)
    after: str | None = Field(None, max_length=100, description="The `next` of the page before.")
    facets: bool = Field(False, description="Count the hits by value, for each filter.")

    def query(self, sight: Visibility) -> Query:
        return Query(
            text=self.q,
            filters=Filters(**{name: tuple(getattr(self, name)) for name in FILTERS}),
            facets=FILTERS if self.facets else (),
            visibility=sight,
            order=self.order,
            limit=self.limit,
            after=self.after,
        )


class Item(BaseModel):
    """A document found. `highlights`: HTML in which everything is escaped but `<mark>`, by the part it is from."""

    origin: str
    key: str
    version: str
    visibility: Literal["public", "restricted"]
    type: str
    title: str
    description: str | None
    language: str
    themes: tuple[str, ...]
    groups: tuple[str, ...]
    countries: list[CountryOut]
    issued: str | None
    status: str
    updated_at: str
    score: float | None
    highlights: dict[str, str]

    @classmethod
    def of(cls, hit: Hit) -> "Item":
        document = hit.document
        return cls(
            origin=document.origin,
            key=document.key,
            version=document.revision,
            visibility="public" if document.public else "restricted",
            type=document.type,
            title=document.title,
            description=document.description or None,
            language=document.language,
            themes=document.themes,
            groups=document.groups,
            countries=[CountryOut.of(m49) for m49 in document.countries],
            issued=document.issued,
            status=document.status,
            updated_at=document.updated_at,
            score=hit.score,
            highlights=dict(hit.highlights),
        )


class Found(BaseModel):
    """One page of what was found. `facets`: for each filter how many there are of each value, if it were not set."""

    items: list[Item]
    total: int
    next: str | None
    facets: dict[str, dict[str, int]] | None

    @classmethod
    def of(cls, page: Page, *, facets: bool) -> "Found":
        counted = {name: dict(counts) for name, counts in page.facets.items()} if facets else None
        return cls(items=[Item.of(hit) for hit in page.hits], total=page.total, next=page.next, facets=counted)


class Beginning(BaseModel):
    """What somebody has typed so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    q: str = Field(max_length=200)


class Suggestion(BaseModel):
    """A document whose title begins so."""

    title: str
    origin: str
    key: str
    language: str

    @classmethod
    def of(cls, found: Suggested) -> "Suggestion":
        said = msgspec.json.decode(found.data, type=_Named)
        return cls(title=said.title, origin=found.key.origin, key=str(found.key), language=said.language)


class _Named(msgspec.Struct):
    title: str
    language: str


class Suggestions(BaseModel):
    """Ten at most, in the order of titles."""

    items: list[Suggestion]


class Rebuilt(BaseModel):
    """The index was made anew."""

    documents: int
    seconds: float


class Verification(BaseModel):
    """The index against the database. Of each kind of difference a thousand keys are named; `differing` counts all.

    `waiting`: changed too recently to be compared; they reach the index by themselves.
    """

    equal: bool
    documents: int
    waiting: int
    differing: int
    missing: list[str]
    extra: list[str]
    stale: list[str]

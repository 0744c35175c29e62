"""Measures as their bodies travel: what was done about barriers, whom it reached, at what cost, and what came of it."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from weft.records.evidence import Evidence
from weft.records.forms import Form
from weft.records.words import M49, Decimal, Keys, Language, Name, Once, Slug, Slugs, Title, Year

KIND: Final = "measure"


class Years(BaseModel):
    """The first and the last; without a last it goes on."""

    model_config = ConfigDict(frozen=True, extra="allow", serialize_by_alias=True)

    first: Year = Field(alias="from")
    to: Year | None = None


class Reach(BaseModel):
    """How many were reached, of what."""

    model_config = ConfigDict(frozen=True, extra="allow")

    quantity: Decimal
    unit: Name


class Cost(BaseModel):
    """What it cost in all, in the prices of a year."""

    model_config = ConfigDict(frozen=True, extra="allow")

    amount: Decimal
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    year: Year


class DescribedMeasure(BaseModel):
    """What is said of a measure in every form. The order of fields is the order on the wire."""

    model_config = ConfigDict(frozen=True)

    kind: Slug
    title: Title
    description: str | None = Field(None, max_length=20_000)
    language: Language
    barriers: Keys = Field((), max_length=200)
    themes: Slugs = Field((), max_length=50)
    groups: Slugs = Field((), max_length=50)
    countries: Annotated[tuple[M49, ...], Once] = Field((), max_length=300)
    years: Years | None = None
    reach: Reach | None = None
    cost: Cost | None = None
    result: Slug
    lessons: str | None = Field(None, max_length=20_000)
    indicators: Keys = Field((), max_length=200)
    documents: Keys = Field((), max_length=200)
    evidence: tuple[Evidence, ...] = Field((), max_length=100)
    status: Slug


class Measure(Form, DescribedMeasure):
    """A measure as its body travels."""


def read(body: bytes) -> Measure:
    """The measure in a body that came by a feed or from the journal.

    Raises:
        Malformed, Invalid: it is none.
    """
    return Measure.read(body, KIND)

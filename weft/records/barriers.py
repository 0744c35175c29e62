"""Barriers as their bodies travel: what holds a group back, in which countries, and what shows it."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from weft.records.evidence import Evidence
from weft.records.forms import Form
from weft.records.words import M49, Keys, Language, Once, Slug, Slugs, Title

KIND: Final = "barrier"


class DescribedBarrier(BaseModel):
    """What is said of a barrier in every form. The order of fields is the order on the wire."""

    model_config = ConfigDict(frozen=True)

    type: Slug
    title: Title
    description: str | None = Field(None, max_length=20_000)
    language: Language
    themes: Slugs = Field((), max_length=50)
    groups: Slugs = Field((), max_length=50)
    countries: Annotated[tuple[M49, ...], Once] = Field((), max_length=300)
    indicators: Keys = Field((), max_length=200)
    documents: Keys = Field((), max_length=200)
    evidence: tuple[Evidence, ...] = Field((), max_length=100)
    status: Slug


class Barrier(Form, DescribedBarrier):
    """A barrier as its body travels."""


def read(body: bytes) -> Barrier:
    """The barrier in a body that came by a feed or from the journal.

    Raises:
        Malformed, Invalid: it is none.
    """
    return Barrier.read(body, KIND)

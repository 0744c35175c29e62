"""Wire forms of a country's profile, for its description: records pass through as their services wrote them."""

from typing import Any, Literal

from pydantic import BaseModel, Field

PartName = Literal["indicators", "documents", "barriers", "measures"]


class Area(BaseModel):
    """A country or area with its official names by language; a statistical area has an M49 code only."""

    m49: str = Field(examples=["170"])
    iso2: str | None
    iso3: str | None
    names: dict[str, str]
    commissions: dict[str, Literal["member", "associate"]]


class Part(BaseModel):
    """The newest records of a kind about the country, how many there are, and where all of them are listed."""

    items: list[dict[str, Any]]
    total: int
    href: str = Field(examples=["/api/v1/documents?country=170"])


class Country(BaseModel):
    """A country's profile. A part that is null is named in `missing`: its service could not say in time."""

    area: Area
    indicators: dict[str, Any] | None
    documents: Part | None
    barriers: Part | None
    measures: Part | None
    missing: list[PartName]

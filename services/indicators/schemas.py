"""The forms that a series has: as an editor writes it, as its body travels, and as it is asked for and answered.

What comes from an editor is strict: a field that is not known is refused. What comes from a feed is tolerant: a field that
a later release brings is kept and shown, and only what cannot be shown at all is refused.
"""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from services.indicators import periods
from services.indicators.series import Code, Observations, SeriesIn, Text, check
from weft.areas import COMMISSIONS, UnknownArea, area, members
from weft.problems import Invalid
from weft.protocol import names
from weft.records import flaws, wire
from weft.records.audiences import Audience
from weft.records.countries import Country, CountryOut
from weft.records.own import Content
from weft.records.times import Time

KIND: Final = "series"
MADE: Final = frozenset(
    {"id", "key", "version", "visibility", "area", "count", "first_period", "last_period", "created_at", "updated_at"}
)
"""What the node says of a series, and an editor does not."""


def _period(text: str) -> str:
    periods.span(text)
    return text


Origin = Annotated[str, StringConstraints(pattern=rf"^{names.NAME}$")]
Codes = Annotated[tuple[Code, ...], Field(max_length=300)]
Period = Annotated[str, Field(max_length=10), AfterValidator(_period)]
Commission = Literal["eca", "ece", "eclac", "escap", "escwa"]


class SeriesDraft(SeriesIn):
    """A series as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    audience: Audience
    public_from: Time | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The series in these bytes.

        Raises:
            Malformed: it is not JSON, or has two members of one name.
            Invalid: fields are missing, unknown or not what they must be; they are named.
        """
        return cls.of(wire.read(data))

    @classmethod
    def of(cls, tree: wire.Object) -> Self:
        """The series in this tree.

        Raises:
            Invalid: fields are missing, unknown or not what they must be; they are named.
        """
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            raise flaws.refused(error, KIND, cls.model_fields) from None

    def content(self) -> Content:
        return Content(wire.members(self.body()), self.audience, self.public_from)


class _TolerantObservations(Observations):
    model_config = ConfigDict(extra="allow")


class Series(BaseModel):
    """A series as its body travels."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    dimensions: dict[str, Code] = Field(max_length=100)
    attributes: dict[str, Text] = Field(default_factory=dict, max_length=100)
    title: dict[str, Text] = Field(default_factory=dict, max_length=100)
    observations: _TolerantObservations
    created_at: Time
    updated_at: Time

    @model_validator(mode="after")
    def _sound(self) -> Self:
        check(self.dimensions, self.attributes, self.observations)
        if not re.fullmatch(r"[1-9][0-9]{0,2}", self.dimensions["REF_AREA"]):
            raise ValueError("dimensions: REF_AREA is no M49 code without leading zeros")
        return self


class SeriesOut(Series):
    """A series as it is answered. `audience` is told to editors of its own node. Lists leave `observations` out."""

    origin: str
    key: str
    version: str
    visibility: Literal["public", "restricted"]
    audience: Audience | None = None
    public_from: Time | None = None
    area: CountryOut
    count: int
    first_period: str
    last_period: str
    observations: _TolerantObservations | None = None  # type: ignore[assignment]  # lists leave it out


class SeriesPage(BaseModel):
    """One page of series, in the order of their keys. `next` is the `after` of the page that follows."""

    items: list[SeriesOut]
    total: int
    next: str | None


class ObservationPage(BaseModel):
    """One page of observations, in the order of their series' keys and their periods; numbers are decimal strings."""

    items: list[dict[str, str | None]]
    total: int
    next: str | None


class Asked(BaseModel):
    """Which series are asked for. A dimension may be given several times: any of its codes will do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: Origin | None = None
    freq: Codes = ()
    reporting_type: Codes = ()
    series: Codes = ()
    ref_area: Annotated[tuple[Country, ...], Field(max_length=300)] = ()
    sex: Codes = ()
    age: Codes = ()
    urbanisation: Codes = ()
    income_wealth_quantile: Codes = ()
    education_lev: Codes = ()
    occupation: Codes = ()
    cust_breakdown: Codes = ()
    composite_breakdown: Codes = ()
    disability_status: Codes = ()
    activity: Codes = ()
    product: Codes = ()
    commission: Commission | None = None
    """Series of this commission's member states."""


class Listing(Asked):
    """Which page of them is asked for."""

    limit: int = Field(50, ge=1, le=200)
    after: str | None = Field(None, max_length=600)


class Exporting(Asked):
    """In which form they are wanted; without one, as Accept says."""

    format: Literal["ndjson", "csv"] | None = None


class Observing(Listing):
    """Which observations are asked for: those whose period begins and ends within the two that are given."""

    start_period: Period | None = None
    end_period: Period | None = None
    format: Literal["json", "csv", "xlsx", "parquet"] = "json"
    limit: int = Field(1_000, ge=1, le=10_000)


def areas_of(given: list[str]) -> set[str] | None:
    """The M49 codes of countries, and of the member states of commissions, that are named; None when nothing is.

    Raises:
        Invalid: one is neither.
    """
    found: set[str] = set()
    for word in given:
        if word.lower() in COMMISSIONS:
            found |= {member.m49 for member in members(word.lower())}
            continue
        try:
            found.add(area(word).m49)
        except UnknownArea as error:
            why = f"{error}, and no commission ({', '.join(COMMISSIONS)})"
            raise Invalid(f"areas: {why}", fields=[{"field": "areas", "where": "query", "why": why}]) from None
    return found or None

"""The forms that a series has: as an editor writes it, as its body travels, and as it is asked for and answered.

What comes from an editor is strict: a field that is not known is refused. What comes from a feed is tolerant: a field that
a later release brings is kept and shown, and only what cannot be shown at all is refused.
"""

import re
from typing import Annotated, Final, Literal, NamedTuple, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from services.indicators import periods, wire
from services.indicators.series import Code, Observations, SeriesIn, Text, check
from weft.areas import COMMISSIONS, UnknownArea, area, members
from weft.problems import Invalid
from weft.protocol import names
from weft.protocol.refusals import Refusal

KIND: Final = "series"


def _audience(given: object) -> tuple[str, ...]:
    if given in (names.LOCAL, names.NETWORK):
        return (str(given),)
    if not isinstance(given, list) or not 0 < len(given) <= 100 or not all(isinstance(name, str) for name in given):
        raise ValueError("must be 'local', 'network', or a list of peers' names such as [\"eca\"]")
    try:
        return tuple(sorted({names.node(name) for name in given}))
    except Refusal as error:
        raise ValueError(error.why) from None


def _country(text: str) -> str:
    try:
        return area(text).m49
    except UnknownArea as error:
        raise ValueError(str(error)) from None


def _period(text: str) -> str:
    periods.span(text)
    return text


Audience = Annotated[
    tuple[str, ...],
    BeforeValidator(_audience),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": [names.LOCAL, names.NETWORK]},
                {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100},
            ]
        }
    ),
]
Origin = Annotated[str, StringConstraints(pattern=rf"^{names.NAME}$")]
Time = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$")
]
Codes = Annotated[tuple[Code, ...], Field(max_length=300)]
Country = Annotated[str, Field(max_length=5), AfterValidator(_country)]
Period = Annotated[str, Field(max_length=10), AfterValidator(_period)]
Commission = Literal["eca", "ece", "eclac", "escap", "escwa"]


class Content(NamedTuple):
    """A series that is ready to be written: its JSON members, without the times that the node adds, and its audience."""

    members: bytes
    audience: tuple[str, ...]


class SeriesDraft(SeriesIn):
    """A series as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    audience: Audience

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The series in these bytes.

        Raises:
            Malformed: it is not JSON.
            Invalid: fields are missing, unknown or not what they must be; they are named.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise wire.refused(error) from None

    def content(self) -> Content:
        return Content(wire.members(self.body()), self.audience)


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


class AreaOut(BaseModel):
    """An area by its three codes; one that has an M49 code only, or is not known here, has nulls."""

    m49: str
    iso2: str | None
    iso3: str | None


class SeriesOut(Series):
    """A series as it is answered. `audience` is told to editors of its own node. Lists leave `observations` out."""

    origin: str
    key: str
    version: str
    visibility: Literal["public", "restricted"]
    audience: Audience | None = None
    area: AreaOut
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


class Listing(BaseModel):
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
    limit: int = Field(50, ge=1, le=200)
    after: str | None = Field(None, max_length=600)


class Observing(Listing):
    """Which observations are asked for: those whose period begins and ends within the two that are given."""

    start_period: Period | None = None
    end_period: Period | None = None
    format: Literal["json", "csv", "xlsx", "parquet"] = "json"
    limit: int = Field(1_000, ge=1, le=10_000)


_audiences: TypeAdapter[tuple[str, ...]] = TypeAdapter(Audience)


def audience_of(given: list[str]) -> tuple[str, ...]:
    """The audience in query parameters: `audience=network`, `audience=local`, or one for each peer.

    Raises:
        Invalid: it is none.
    """
    try:
        alone = given[0] if given in ([names.LOCAL], [names.NETWORK]) else given
        return _audiences.validate_python(alone)
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise Invalid(f"audience: {why}", fields=[{"field": "audience", "where": "query", "why": why}]) from None


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

"""Wire forms of code lists, countries and a country's figures, for their descriptions: they are written as bytes elsewhere."""

from pydantic import BaseModel, Field

Names = dict[str, str]


class Head(BaseModel):
    """A code list. `languages`: those in which all of its codes have names."""

    id: str = Field(examples=["sex"])
    name: str
    names: Names
    languages: list[str]
    href: str


class CodeListHead(Head):
    codes: int


class CodeListsOut(BaseModel):
    """All code lists."""

    items: list[CodeListHead]
    total: int


class CodeOut(BaseModel):
    """A code. `name` is in the language that was asked for, or in English."""

    code: str
    name: str
    names: Names


class CodeListOut(Head):
    """A code list with its codes."""

    items: list[CodeOut]
    total: int


class SeatOut(BaseModel):
    """A place in a commission, with its years where they are known; one without an end is held today."""

    commission: str
    status: str
    since: int | None
    until: int | None


class CountryLine(BaseModel):
    """A country or area."""

    m49: str
    iso2: str | None
    iso3: str | None
    name: str
    names: Names
    commissions: list[SeatOut]


class CountriesOut(BaseModel):
    """Countries in the order of their M49 codes."""

    items: list[CountryLine]
    total: int


class Figure(BaseModel):
    """The newest observation of a series. `indicators`: those that it measures, or comes near to."""

    series: str
    title: Names
    origin: str
    key: str
    version: str
    dimensions: dict[str, str]
    unit: str | None
    period: str
    value: str | None
    nature: str | None
    indicators: list[str]


class FiguresOut(BaseModel):
    """A country's figures: how many there are, from whom, and the newest of the key series."""

    area: CountryLine
    series: int
    observations: int
    origins: dict[str, int]
    newest: list[Figure]

"""The series: one key of the data structure and its observations, stored, sealed and replicated as one. No queries."""

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from services.indicators import decimals, periods
from services.indicators.dimensions import (
    CODE,
    DIMENSIONS,
    OBSERVATION_COLUMNS,
    REQUIRED_DIMENSIONS,
    SERIES_ATTRIBUTES,
    TOTAL,
    complete,
)
from weft.areas import LANGUAGES, UnknownArea, area
from weft.protocol.limits import BODY_BYTES
from weft.records.texts import flaw
from weft.records.times import TIMES_BYTES

MAX_OBSERVATIONS: Final = 2_000
MAX_BYTES: Final = BODY_BYTES - TIMES_BYTES
MAX_TEXT: Final = 2_000
FEW: Final = 200


def clean(text: str) -> str:
    """The text, if it is one that may be kept and shown.

    Raises:
        ValueError: there is something in it that is no text, or that makes it read as another.
    """
    if why := flaw(text):
        raise ValueError(why)
    return text


@lru_cache(4096)
def _code(text: str) -> str:
    if not CODE.fullmatch(text):
        raise ValueError(f"{text[:50]!r} is not a code: 1 to 64 of the characters A-Z a-z 0-9 _ @ $ -")
    return text


Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(clean)]
Code = Annotated[str, Field(max_length=64), AfterValidator(_code)]
Number = Annotated[str, Field(max_length=2 * decimals.MAX_DIGITS), AfterValidator(decimals.plain)]
Column = Field(default=None, max_length=MAX_OBSERVATIONS)


class Strict(BaseModel):
    """A wire form: no unknown field, no silent conversion; names in capitals are SDMX's own."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Observations(Strict):
    """Observations in columns of equal length; a column that holds nothing may be left out, null means none."""

    TIME_PERIOD: list[Annotated[str, Field(max_length=10)]] = Field(min_length=1, max_length=MAX_OBSERVATIONS)
    OBS_VALUE: list[Number | None] = Field(max_length=MAX_OBSERVATIONS)
    OBS_STATUS: list[Code | None] | None = Column
    NATURE: list[Code | None] | None = Column
    TIME_DETAIL: list[Text | None] | None = Column
    COMMENT_OBS: list[Text | None] | None = Column
    TIME_COVERAGE: list[Text | None] | None = Column
    UPPER_BOUND: list[Number | None] | None = Column
    LOWER_BOUND: list[Number | None] | None = Column

    @model_validator(mode="after")
    def _aligned(self) -> Self:
        length = len(self.TIME_PERIOD)
        for name in OBSERVATION_COLUMNS:
            column = getattr(self, name)
            if column is not None and len(column) != length:
                raise ValueError(f"{name} has {len(column)} values, TIME_PERIOD has {length}: give each, or null")
        for earlier, later in zip(self.TIME_PERIOD, self.TIME_PERIOD[1:], strict=False):
            if earlier >= later:
                raise ValueError(f"TIME_PERIOD {later} comes after {earlier}: periods must rise, each once")
        return self


class SeriesIn(Strict):
    """A series as an editor sends it and as it travels.

    `dimensions` may leave out totals (`_T`); it holds all fifteen once validated, with REF_AREA as unpadded M49.
    """

    dimensions: dict[str, Code] = Field(max_length=len(DIMENSIONS))
    attributes: dict[str, Text] = Field(default_factory=dict, max_length=len(SERIES_ATTRIBUTES))
    title: dict[str, Text] = Field(default_factory=dict, max_length=len(LANGUAGES))
    observations: Observations

    @model_validator(mode="after")
    def _sound(self) -> Self:
        _known("dimensions", self.dimensions, DIMENSIONS)
        _known("attributes", self.attributes, SERIES_ATTRIBUTES)
        _known("title", self.title, LANGUAGES)
        check(self.dimensions, self.attributes, self.observations)
        try:
            country = area(self.dimensions["REF_AREA"])
        except UnknownArea as unknown:
            raise ValueError(f"dimensions: REF_AREA {unknown}") from None
        # The model is frozen for its users; here it is still being made. Equal series have equal bytes.
        object.__setattr__(self, "dimensions", complete({**self.dimensions, "REF_AREA": country.m49}))
        object.__setattr__(self, "attributes", _ordered(self.attributes, SERIES_ATTRIBUTES))
        object.__setattr__(self, "title", _ordered(self.title, LANGUAGES))
        if _may_be_large(self.observations) and len(self.wire()) > MAX_BYTES:
            raise ValueError(f"the series is larger than {BODY_BYTES // 1024} KiB: split it, or shorten its comments")
        return self

    def body(self) -> dict[str, Any]:
        """The wire form as plain values; columns that hold nothing are left out."""
        return self.model_dump(include=_ON_THE_WIRE, exclude=_absent(self.observations))

    def wire(self) -> bytes:
        """The wire form as JSON."""
        return json.dumps(self.body(), ensure_ascii=False, separators=(",", ":")).encode()


def _may_be_large(observations: Observations) -> bool:
    """Whether a series could pass its limit: with few observations and no words to them it cannot, and need not be weighed."""
    return len(observations.TIME_PERIOD) > FEW or any(
        (observations.TIME_DETAIL, observations.COMMENT_OBS, observations.TIME_COVERAGE)
    )


_ON_THE_WIRE: Final = set(SeriesIn.model_fields)
_EXAMPLE: Final = {"A": "2015", "S": "2015-S1", "Q": "2015-Q1", "M": "2015-01", "W": "2015-W01", "D": "2015-01-31"}


def check(dimensions: Mapping[str, str], attributes: Mapping[str, str], observations: Observations) -> None:
    """Raise `ValueError` unless the parts of a series fit each other, whatever else they hold."""
    for name in REQUIRED_DIMENSIONS:
        if dimensions.get(name, TOTAL) == TOTAL:
            raise ValueError(f"dimensions: {name} is missing, and has no total")
    frequency = dimensions["FREQ"]
    if frequency not in periods.FORMS:
        raise ValueError(f"dimensions: FREQ {frequency} is none of {', '.join(periods.FORMS)}")
    for period in observations.TIME_PERIOD:
        if not periods.fits(period, frequency):
            raise ValueError(f"TIME_PERIOD {period!r} is no period of FREQ {frequency}, such as {_EXAMPLE[frequency]}")
    multiplier = attributes.get("UNIT_MULT", "0")
    if not re.fullmatch(r"-?[0-9]{1,2}", multiplier):
        raise ValueError(f"attributes: UNIT_MULT {multiplier!r} is not a power of ten, such as 0, 3 or 6")


def _known(part: str, given: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in given:
        if name not in names:
            raise ValueError(f"{part}: {name[:40]!r} is none of {', '.join(names)}")


def _ordered(given: dict[str, str], names: tuple[str, ...]) -> dict[str, str]:
    return {name: given[name] for name in names if name in given}


def _absent(observations: Observations) -> dict[str, Any]:
    return {"observations": {name for name, column in observations if column is None}}

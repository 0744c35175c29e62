"""Targets, described: what is to be reached by when, official or a region's own."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.indicators import lifecycle, lineage
from services.indicators.framed import FramedFilters
from services.indicators.lineage import Descent, Lineage
from services.indicators.series import Code, Number
from services.indicators.words import (
    FrameworkKey,
    GoalKey,
    Groups,
    IndicatorKey,
    Numbering,
    Share,
    Status,
    Texts,
    Themes,
    Titles,
    Year,
    place,
    said,
    titled,
)
from weft.records.forms import Draft, Form, Told
from weft.records.kinds import Kind, Tags
from weft.records.words import Address, RecordKey, Slug, Slugs

KIND: Final = "target"


class Value(BaseModel):
    """What a target demands of an indicator, or of one series, in numbers; at most one of the three that say how much.

    `value`: that much. `of_base`: that share of the value in the base year. `of_gap`: that share of its distance from 100
    in the base year may remain. None of them: the direction alone. `parity` is closeness to the value from either side.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    indicator: IndicatorKey | None = None
    series: Code | None = None
    direction: Slug
    base_year: Year | None = None
    year: Year
    value: Number | None = None
    of_base: Share | None = None
    of_gap: Share | None = None


class ValueIn(Value):
    """The same, as an editor writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    direction: Literal["increase", "decrease", "parity"]

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if sum(part is not None for part in (self.value, self.of_base, self.of_gap)) > 1:
            raise ValueError("value, of_base, of_gap: at most one of them says how much")
        if (self.of_base or self.of_gap) and self.base_year is None:
            raise ValueError("base_year: is missing, and of_base and of_gap are shares of what was then")
        if self.base_year is not None and self.base_year >= self.year:
            raise ValueError("year: must be after base_year")
        return self


class Described(Descent):
    """What is said of a target in every form. The order of fields is the order on the wire."""

    framework: FrameworkKey | None = None
    goal: GoalKey | None = None
    number: Numbering | None = None
    title: Titles
    definition: Texts = Field(default_factory=dict)
    values: tuple[Value, ...] = Field((), max_length=50)
    themes: Slugs = Field((), max_length=50)
    groups: Slugs = Field((), max_length=50)
    source: Address | None = None
    status: Slug


class TargetIn(Draft, Described):
    """A target as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    values: tuple[ValueIn, ...] = Field((), max_length=50)
    themes: Themes = Field((), max_length=50)
    groups: Groups = Field((), max_length=50)
    status: Status


class Target(Form, Described):
    """A target as its body travels."""


class TargetOut(Told, Described):
    """A target as it is answered. Lists leave `lineage` out."""

    lineage: Lineage | None = None


class TargetFilters(FramedFilters):
    """Which targets are asked for. `indicator`: those with a value for it; `measured_by`: with a value for a series."""

    indicator: RecordKey | None = None
    measured_by: Annotated[Code | None, Field(description="A series' code")] = None


def _tags(target: Described) -> Tags:
    return said(
        framework=target.framework,
        goal=target.goal,
        indicator=[value.indicator for value in target.values if value.indicator],
        measured_by=[value.series for value in target.values if value.series],
        theme=target.themes,
        group=target.groups,
        status=target.status,
        **lineage.tags(target),
    )


TARGET = Kind(
    name=KIND,
    plural="targets",
    draft=TargetIn,
    form=Target,
    told=TargetOut,
    filters=TargetFilters,
    tags=_tags,
    place=lambda target: place(target.framework, target.number),
    newest_first=False,
    titled=lambda draft: titled(draft.title),
    beside=lineage.of,
    refuses=lifecycle.of(KIND),
)

"""Measures, described: what was done about barriers, as editors write it, as it is found and answered."""

from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from services.catalog.terms import Countries, Evidenced, EvidenceIn, Groups, Status, Themes, evidenced
from weft.records.countries import CountryOut, all_codes
from weft.records.forms import Draft, Told
from weft.records.kinds import Kind, Tags
from weft.records.measures import KIND, Cost, DescribedMeasure, Measure, Reach, Years
from weft.records.words import RecordKey

What = Literal["law", "policy", "programme", "service", "transfer", "data"]
Result = Literal["worked", "mixed", "no-effect", "harmful", "unknown"]


class YearsIn(Years):
    """The years of a measure as an editor writes them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.to is not None and self.to < self.first:
            raise ValueError("to: is before 'from'")
        return self


class ReachIn(Reach):
    """The reach of a measure as an editor writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CostIn(Cost):
    """The cost of a measure as an editor writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MeasureIn(Draft, DescribedMeasure):
    """A measure as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    kind: What
    themes: Themes = Field((), max_length=50)
    groups: Groups = Field((), max_length=50)
    countries: Countries = Field((), max_length=300)
    years: YearsIn | None = None
    reach: ReachIn | None = None
    cost: CostIn | None = None
    result: Result
    evidence: tuple[EvidenceIn, ...] = Field((), max_length=100)
    status: Status


class MeasureOut(Told, DescribedMeasure):
    """A measure as it is answered."""

    countries: tuple[CountryOut, ...]  # type: ignore[assignment]  # answered with all three codes


class MeasureFilters(Evidenced):
    """Which measures are asked for. `barrier`: what they are against."""

    kind: What | None = None
    barrier: RecordKey | None = None
    result: Result | None = None


def _tags(measure: DescribedMeasure) -> Tags:
    return {
        **evidenced(measure),
        "kind": [measure.kind],
        "barrier": measure.barriers,
        "result": [measure.result],
    }


MEASURE = Kind(
    name=KIND,
    plural="measures",
    draft=MeasureIn,
    form=Measure,
    told=MeasureOut,
    filters=MeasureFilters,
    tags=_tags,
    answered={"countries": all_codes},
)

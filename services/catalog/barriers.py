"""Barriers, described: what holds a group back, as editors write it, as it is found and answered."""

from typing import Literal

from pydantic import Field

from services.catalog.terms import Countries, Evidenced, EvidenceIn, Groups, Status, Themes, evidenced
from weft.records.barriers import KIND, Barrier, DescribedBarrier
from weft.records.countries import CountryOut, all_codes
from weft.records.forms import Draft, Told
from weft.records.kinds import Kind, Tags

Type = Literal["legal", "economic", "institutional", "social", "data"]


class BarrierIn(Draft, DescribedBarrier):
    """A barrier as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    type: Type
    themes: Themes = Field((), max_length=50)
    groups: Groups = Field((), max_length=50)
    countries: Countries = Field((), max_length=300)
    evidence: tuple[EvidenceIn, ...] = Field((), max_length=100)
    status: Status


class BarrierOut(Told, DescribedBarrier):
    """A barrier as it is answered."""

    countries: tuple[CountryOut, ...]  # type: ignore[assignment]  # answered with all three codes


class BarrierFilters(Evidenced):
    """Which barriers are asked for."""

    type: Type | None = None


def _tags(barrier: DescribedBarrier) -> Tags:
    return {**evidenced(barrier), "type": [barrier.type]}


BARRIER = Kind(
    name=KIND,
    plural="barriers",
    draft=BarrierIn,
    form=Barrier,
    told=BarrierOut,
    filters=BarrierFilters,
    tags=_tags,
    answered={"countries": all_codes},
)

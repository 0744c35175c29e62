"""Indicators, described: what shows whether targets are met, which series measure it, official or a region's own."""

from typing import Annotated, Final

from pydantic import Field

from services.indicators import lifecycle, lineage
from services.indicators.framed import FramedFilters
from services.indicators.lineage import Descent, Lineage
from services.indicators.series import Code
from services.indicators.words import (
    Breakdowns,
    Codes,
    FrameworkKey,
    GoalKey,
    Groups,
    Numbering,
    Status,
    TargetKeys,
    Texts,
    Themes,
    Titles,
    place,
    said,
    titled,
)
from weft.records.forms import Draft, Form, Told
from weft.records.kinds import Kind, Tags
from weft.records.words import Address, Name, RecordKey, Slug, Slugs

KIND: Final = "indicator"


class Described(Descent):
    """What is said of an indicator in every form. The order of fields is the order on the wire.

    `series`: codes of the series that measure it. `proxies`: of those that come near to it where none does.
    `disaggregation`: the dimensions by which it is to be broken down.
    """

    framework: FrameworkKey | None = None
    goal: GoalKey | None = None
    targets: TargetKeys = Field((), max_length=100)
    number: Numbering | None = None
    title: Titles
    definition: Texts = Field(default_factory=dict)
    unit: Name | None = None
    method: Texts = Field(default_factory=dict)
    disaggregation: Codes = Field((), max_length=50)
    series: Codes = Field((), max_length=100)
    proxies: Codes = Field((), max_length=100)
    themes: Slugs = Field((), max_length=50)
    groups: Slugs = Field((), max_length=50)
    source: Address | None = None
    status: Slug


class IndicatorIn(Draft, Described):
    """An indicator as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    disaggregation: Breakdowns = Field((), max_length=50)
    themes: Themes = Field((), max_length=50)
    groups: Groups = Field((), max_length=50)
    status: Status


class Indicator(Form, Described):
    """An indicator as its body travels."""


class IndicatorOut(Told, Described):
    """An indicator as it is answered. Lists leave `lineage` out."""

    lineage: Lineage | None = None


class IndicatorFilters(FramedFilters):
    """Which indicators are asked for."""

    target: RecordKey | None = None
    measured_by: Annotated[Code | None, Field(description="A series' code; proxies do not count")] = None


def _tags(indicator: Described) -> Tags:
    return said(
        framework=indicator.framework,
        goal=indicator.goal,
        target=indicator.targets,
        measured_by=indicator.series,
        theme=indicator.themes,
        group=indicator.groups,
        status=indicator.status,
        **lineage.tags(indicator),
    )


INDICATOR = Kind(
    name=KIND,
    plural="indicators",
    draft=IndicatorIn,
    form=Indicator,
    told=IndicatorOut,
    filters=IndicatorFilters,
    tags=_tags,
    place=lambda indicator: place(indicator.framework, indicator.number),
    newest_first=False,
    titled=lambda draft: titled(draft.title),
    beside=lineage.of,
    refuses=lifecycle.of(KIND),
)

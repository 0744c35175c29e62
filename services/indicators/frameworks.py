"""Frameworks, described: what goals, targets and indicators are organised in. The official ones ship with a release."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from services.indicators.words import Texts, Titles, place, titled
from weft.records.forms import Draft, Form, Told
from weft.records.kinds import Kind, Tags
from weft.records.listings import Filters
from weft.records.words import Address, Day

KIND: Final = "framework"


class Described(BaseModel):
    """What is said of a framework in every form. The order of fields is the order on the wire."""

    model_config = ConfigDict(frozen=True)

    title: Titles
    description: Texts = Field(default_factory=dict)
    begins: Day | None = None
    ends: Day | None = None
    source: Address | None = None


class FrameworkIn(Draft, Described):
    """A framework as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""


class Framework(Form, Described):
    """A framework as its body travels."""


class FrameworkOut(Told, Described):
    """A framework as it is answered."""


class FrameworkFilters(Filters):
    """Which frameworks are asked for."""


def _tags(framework: Described) -> Tags:
    return {}


FRAMEWORK = Kind(
    name=KIND,
    plural="frameworks",
    draft=FrameworkIn,
    form=Framework,
    told=FrameworkOut,
    filters=FrameworkFilters,
    tags=_tags,
    place=lambda framework: place(framework.begins, None),
    newest_first=False,
    titled=lambda draft: titled(draft.title),
)

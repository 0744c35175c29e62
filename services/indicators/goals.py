"""Goals, described: the parts of a framework."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from services.indicators.words import FrameworkKey, Numbering, Texts, Themes, Titles, place, said, titled
from weft.records.forms import Draft, Form, Told
from weft.records.kinds import Kind, Tags
from weft.records.listings import Filters
from weft.records.words import RecordKey, Slug, Slugs

KIND: Final = "goal"


class Described(BaseModel):
    """What is said of a goal in every form. The order of fields is the order on the wire."""

    model_config = ConfigDict(frozen=True)

    framework: FrameworkKey
    number: Numbering | None = None
    title: Titles
    description: Texts = Field(default_factory=dict)
    themes: Slugs = Field((), max_length=50)


class GoalIn(Draft, Described):
    """A goal as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    themes: Themes = Field((), max_length=50)


class Goal(Form, Described):
    """A goal as its body travels."""


class GoalOut(Told, Described):
    """A goal as it is answered."""


class GoalFilters(Filters):
    """Which goals are asked for."""

    framework: RecordKey | None = None
    theme: Slug | None = None


def _tags(goal: Described) -> Tags:
    return said(framework=goal.framework, theme=goal.themes)


GOAL = Kind(
    name=KIND,
    plural="goals",
    draft=GoalIn,
    form=Goal,
    told=GoalOut,
    filters=GoalFilters,
    tags=_tags,
    place=lambda goal: place(goal.framework, goal.number),
    newest_first=False,
    titled=lambda draft: titled(draft.title),
)

"""The terms that the catalog's kinds share: what they are about, what shows it, and what narrows lists of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal, Protocol

from pydantic import ConfigDict, Field

from weft.areas import members
from weft.records.countries import Country
from weft.records.evidence import Evidence
from weft.records.listings import Filters
from weft.records.words import Language, Once, RecordKey, keys_among, within

Theme = Literal["social-inclusion", "gender-equality", "health-promotion", "population-development"]
Group = Literal[
    "vulnerable-women",
    "older-persons",
    "young-people-ncd",
    "persons-with-disabilities",
    "migrants",
    "indigenous-peoples",
    "rural-poor",
    "slum-dwellers",
    "children",
    "youth",
]
Status = Literal["draft", "published"]
Strength = Literal["anecdotal", "observational", "evaluated", "systematic-review"]
Commission = Literal["eca", "ece", "eclac", "escap", "escwa"]

Themes = Annotated[tuple[Theme, ...], Once]
Groups = Annotated[tuple[Group, ...], Once]
Countries = Annotated[tuple[Country, ...], Once]


class EvidenceIn(Evidence):
    """Evidence as an editor writes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strength: Strength


class About(Filters):
    """What lists of every kind are narrowed by. `commission`: its members, as countries."""

    theme: Theme | None = None
    group: Group | None = None
    country: Country | None = None
    commission: Commission | None = None
    language: Language | None = None
    status: Status | None = None

    def tags(self) -> Iterator[tuple[str, list[str]]]:
        for field, values in super().tags():
            if field == "commission":
                yield "country", [member.m49 for member in members(values[0])]
            else:
                yield field, values


class Evidenced(About):
    """What lists of barriers and of measures are narrowed by."""

    indicator: RecordKey | None = None
    document: RecordKey | None = None
    strength: Strength | None = Field(None, description="Evidence of this strength is among what is given.")


class Described(Protocol):
    """What documents, barriers and measures have alike."""

    @property
    def themes(self) -> tuple[str, ...]: ...
    @property
    def groups(self) -> tuple[str, ...]: ...
    @property
    def countries(self) -> tuple[str, ...]: ...
    @property
    def language(self) -> str: ...
    @property
    def status(self) -> str: ...


class Supported(Described, Protocol):
    """What barriers and measures have alike."""

    @property
    def indicators(self) -> tuple[str, ...]: ...
    @property
    def documents(self) -> tuple[str, ...]: ...
    @property
    def evidence(self) -> tuple[Evidence, ...]: ...


def about(record: Described) -> Mapping[str, Iterable[str]]:
    """What a record of any kind is found by."""
    return {
        "theme": record.themes,
        "group": record.groups,
        "country": record.countries,
        "language": within(record.language),
        "status": [record.status],
    }


def evidenced(record: Supported) -> Mapping[str, Iterable[str]]:
    """What a barrier or a measure is found by."""
    return {
        **about(record),
        "indicator": record.indicators,
        "document": record.documents,
        "strength": [item.strength for item in record.evidence],
        "evidence": keys_among(item.source for item in record.evidence),
    }

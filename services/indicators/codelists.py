"""Code lists: what every dimension and every official list can say, with names in the six languages where there are any."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from services.indicators import ages
from services.indicators.dimensions import DIMENSIONS
from services.indicators.official import tables
from services.indicators.unsd_codes import labelled, titles
from weft.areas import LANGUAGES, areas

Names = Mapping[str, str]


class CodeList(NamedTuple):
    """`names`: of the list. `codes`: each with its names by language; every one has an English name."""

    id: str
    names: Names
    codes: Mapping[str, Names]

    @property
    def languages(self) -> list[str]:
        """The languages in which all of its codes have names."""
        return [language for language in LANGUAGES if all(language in names for names in self.codes.values())]


def in_language(names: Names, language: str) -> str:
    """The name in a language, or the English one."""
    return names.get(language) or names["en"]


@cache
def codelists() -> Mapping[str, CodeList]:
    """All lists by their ids; that of a dimension is the dimension's name as lists of series are filtered by it."""
    return {found.id: found for found in (*_dimensions(), *_others())}


def _dimensions() -> Iterator[CodeList]:
    names = tables.labels("dimensions")
    for dimension in DIMENSIONS:
        id_ = dimension.lower()
        yield CodeList(id_, names[dimension], dict(_codes(dimension, id_)))


def _codes(dimension: str, id_: str) -> Iterable[tuple[str, Names]]:
    match dimension:
        case "SERIES":
            return ((code, {"en": title}) for code, title in titles().items())
        case "REF_AREA":
            return ((area.m49, dict(area.names)) for area in areas())
        case "AGE":
            made = {row["code"]: ages.names(row["code"]) for row in tables.rows("ages.csv")}
            return (*tables.labels(id_).items(), *made.items())
        case _:
            english = {code: {"en": label} for code, label in labelled(dimension)}
            return (*tables.labels(id_).items(), *((c, n) for c, n in english.items() if c not in tables.labels(id_)))


def _others() -> Iterator[CodeList]:
    for id_, names in tables.labels("lists").items():
        yield CodeList(id_, names, tables.labels(id_))

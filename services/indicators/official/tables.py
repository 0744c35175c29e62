"""The tables of the official lists as they stand in the package. What they say is the matter of who reads them."""

import csv
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from weft.areas import LANGUAGES

FOLDER: Final = Path(__file__).parent
NAMES: Final = ("frameworks.csv", "goals.csv", "targets.csv", "values.csv", "indicators.csv", "labels.csv", "ages.csv")
Row = Mapping[str, str]


@cache
def rows(name: str) -> Sequence[Row]:
    """The rows of a table; its first line names the sources."""
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        next(file)
        return tuple(csv.DictReader(file))


@cache
def labels(name: str) -> Mapping[str, Mapping[str, str]]:
    """The names of the codes of a list by language, in the order of the list."""
    return {row["code"]: in_languages(row) for row in rows("labels.csv") if row["list"] == name}


def codes(name: str) -> tuple[str, ...]:
    """The codes of a list that is in the six languages."""
    return tuple(labels(name))


def in_languages(row: Row) -> dict[str, str]:
    """The texts of a row by language, English first: other readers' names for it follow."""
    ordered = ("en", *(language for language in LANGUAGES if language != "en"))
    return {language: row[language] for language in ordered if row.get(language)}

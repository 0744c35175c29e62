"""What frameworks and all that is in them are made of: texts by language, numbering, codes, how far a proposal has come."""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from services.indicators.dimensions import DIMENSIONS, REQUIRED_DIMENSIONS
from services.indicators.official import tables
from services.indicators.series import Code
from weft.records.texts import flaw
from weft.records.words import Language, Once, RecordKey, Slug, Title

Status = Literal["proposed", "under-review", "endorsed", "retired"]
BREAKDOWNS: Final = frozenset(DIMENSIONS) - frozenset(REQUIRED_DIMENSIONS)


def _listed(name: str) -> AfterValidator:
    """A code of an official list."""

    def check(code: str) -> str:
        known = tables.codes(name)
        if code not in known:
            raise ValueError(f"{code[:50]!r} is none of {', '.join(known)}")
        return code

    return AfterValidator(check)


def _breakdown(code: str) -> str:
    if code not in BREAKDOWNS:
        raise ValueError(f"{code[:50]!r} is none of {', '.join(name for name in DIMENSIONS if name in BREAKDOWNS)}")
    return code


def _share(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9}|/[1-9][0-9]{0,5})?", text):
        raise ValueError("must be a decimal or a fraction such as 0.5 or 2/3")
    return text


def _text(text: str) -> str:
    if why := flaw(text):
        raise ValueError(why)
    return text


def of_kind(kind: str) -> AfterValidator:
    """The key of a record of this kind."""

    def check(text: str) -> str:
        if text.split("/")[1] != kind:
            raise ValueError(f"must be the key of a {kind}, origin/{kind}/id")
        return text

    return AfterValidator(check)


Titles = Annotated[dict[Language, Title], Field(min_length=1, max_length=20)]
Text = Annotated[str, Field(min_length=1, max_length=10_000), AfterValidator(_text)]
Texts = Annotated[dict[Language, Text], Field(max_length=20)]
Numbering = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{1,8}([.-][0-9A-Za-z]{1,8}){0,5}$")]
"""Text and no number: 7.1 is not 7.10."""
FrameworkKey = Annotated[RecordKey, of_kind("framework")]
GoalKey = Annotated[RecordKey, of_kind("goal")]
TargetKey = Annotated[RecordKey, of_kind("target")]
IndicatorKey = Annotated[RecordKey, of_kind("indicator")]
TargetKeys = Annotated[tuple[TargetKey, ...], Once]
Codes = Annotated[tuple[Code, ...], Once]
Themes = Annotated[tuple[Annotated[Slug, _listed("themes")], ...], Once]
Groups = Annotated[tuple[Annotated[Slug, _listed("groups")], ...], Once]
Breakdowns = Annotated[tuple[Annotated[Code, AfterValidator(_breakdown)], ...], Once]
Share = Annotated[str, Field(max_length=20), AfterValidator(_share)]
Year = Annotated[int, Field(ge=1900, le=2200, strict=True)]


def place(framework: str | None, number: str | None) -> str:
    """Where a numbered thing stands in lists: by its framework, then by its numbers as numbers and its letters after them."""
    parts = re.split(r"[.-]", (number or "~").lower())
    return " ".join([framework or "~", *(part.zfill(4) if part.isdigit() else part for part in parts)])


def titled(titles: Mapping[str, str]) -> str:
    """The title that an id is made of: the English one, or the first."""
    return titles.get("en") or next(iter(titles.values()))


def said(**tags: str | Iterable[str] | None) -> dict[str, list[str]]:
    """Tags of one value, of several, or of none."""
    return {name: [value] if isinstance(value, str) else list(value or ()) for name, value in tags.items()}

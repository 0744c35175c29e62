"""Countries and areas by M49 or ISO 3166-1 code, with names and commissions. Not for codes of anything else."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

Language = Literal["ar", "zh", "en", "fr", "ru", "es"]
Membership = Literal["member", "associate"]

LANGUAGES: tuple[Language, ...] = ("ar", "zh", "en", "fr", "ru", "es")
COMMISSIONS = ("eca", "ece", "eclac", "escap", "escwa")


class UnknownArea(LookupError):
    """No country or area has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(f"{code[:20]!r} is no M49, ISO 3166-1 alpha-2 or alpha-3 code of a country or area")
        self.code = code


class Seat(NamedTuple):
    """A place in a commission; years are given where they are known, and a place without an end is held today."""

    commission: str
    status: Membership
    since: int | None
    until: int | None


@dataclass(frozen=True, slots=True)
class Area:
    """A country, or a statistical area such as World (1) that has an M49 code only."""

    m49: str
    iso2: str | None
    iso3: str | None
    names: Mapping[str, str]
    commissions: Mapping[str, Membership]

    def name(self, language: str) -> str:
        """The name in that language; in English where a statistical area has no official name in it."""
        return self.names.get(language, self.names["en"])

    @property
    def seats(self) -> tuple[Seat, ...]:
        """Its places in commissions, by their names; those that it had and those that it has."""
        dated = _dated().get(self.m49, ())
        held = {seat.commission for seat in dated if seat.until is None}
        others = [Seat(name, status, None, None) for name, status in self.commissions.items() if name not in held]
        return tuple(sorted([*dated, *others], key=lambda seat: (seat.commission, seat.since or 0)))


def area(code: str) -> Area:
    """The area with that code: M49 padded or not ("004", "4"), ISO 2 or ISO 3, in any case.

    Raises:
        UnknownArea: nothing has that code.
    """
    found = _by_code().get(_folded(code))
    if found is None:
        raise UnknownArea(code)
    return found


def areas() -> tuple[Area, ...]:
    """Every area, in the order of the M49 codes."""
    return _table()


def members(commission: str, *, associates: bool = False) -> tuple[Area, ...]:
    """The member states of a commission, and its associate members if asked, in the order of the M49 codes."""
    if commission not in COMMISSIONS:
        raise LookupError(f"{commission!r} is none of {', '.join(COMMISSIONS)}")
    accepted = ("member", "associate") if associates else ("member",)
    return tuple(a for a in _table() if a.commissions.get(commission) in accepted)


def _folded(code: str) -> str:
    return code.lstrip("0") if code.isascii() and code.isdigit() else code.upper()


@cache
def _table() -> tuple[Area, ...]:
    return tuple(_row(row) for row in _rows("areas.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        next(file)  # the line that names the sources
        return list(csv.DictReader(file))


@cache
def _dated() -> Mapping[str, tuple[Seat, ...]]:
    """Places of which years are known, by M49 code; those that are recorded were all held by members."""
    found: dict[str, tuple[Seat, ...]] = {}
    for row in _rows("memberships.csv"):
        seat = Seat(row["commission"], "member", int(row["since"]), int(row["until"]) if row["until"] else None)
        found[row["m49"]] = (*found.get(row["m49"], ()), seat)
    return found


@cache
def _by_code() -> Mapping[str, Area]:
    return {code: a for a in _table() for code in (a.m49, a.iso2, a.iso3) if code}


def _row(row: dict[str, str]) -> Area:
    return Area(
        m49=row["m49"],
        iso2=row["iso2"] or None,
        iso3=row["iso3"] or None,
        names=MappingProxyType({language: row[language] for language in LANGUAGES if row[language]}),
        commissions=MappingProxyType({c: _membership(row[c]) for c in COMMISSIONS if row[c]}),
    )


def _membership(word: str) -> Membership:
    if word == "member":
        return "member"
    if word == "associate":
        return "associate"
    raise ValueError(f"areas.csv: {word!r} is neither member nor associate")

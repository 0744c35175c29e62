"""UNSD's older codes in those of the SDG data structure. What has no counterpart is kept, reversibly."""

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from services.indicators.dimensions import TOTAL

COLUMN_DIMENSIONS: Final[Mapping[str, str]] = {
    "Activity": "ACTIVITY",
    "Age": "AGE",
    "Disability Status": "DISABILITY_STATUS",
    "Education Level": "EDUCATION_LEV",
    "Location": "URBANISATION",
    "Quantile": "INCOME_WEALTH_QUANTILE",
    "Sex": "SEX",
    "Type Of Occupation": "OCCUPATION",
    "Type Of Product": "PRODUCT",
}
"""Columns that the SDG data structure has a dimension for."""

COMPOSITE_PREFIXES: Final[Mapping[str, str]] = {
    "Cause Of Death": "COD",
    "Grounds Of Discrimination": "GOD",
    "Ihr Capacity": "CAP",
    "Level Status": "LEVEL",
    "Migratory Status": "MS",
    "Mode Of Transportation": "MOT",
    "Name Of International Institution": "INST",
    "Name Of Non Communicable Disease": "NCD",
    "Parliamentary Committees": "COMMITTEE",
    "Policy Domains": "POLICY",
    "Policy Instruments": "INSTRUMENT",
    "Substance Use Disorders": "SUD",
    "Type Of Skill": "TOS",
    "Type Of Speed": "SPEED",
    "Type Of Waste Treatment": "WASTE",
}
"""Columns without a dimension whose values are a closed list: COMPOSITE_BREAKDOWN is this, "_" and UNSD's code."""

CUSTOM_PREFIXES: Final[Mapping[str, str]] = {"Cities": "CITY", "Sampling Stations": "STATION"}
"""Open lists of places: codes of CUST_BREAKDOWN, named by CUST_BREAKDOWN_LB."""

COLUMNS: Final = (*COLUMN_DIMENSIONS, *COMPOSITE_PREFIXES, *CUSTOM_PREFIXES)

# NOTSPEC says that the column does not apply: no series uses it beside another total of the same column.
_TOTALS: Final = frozenset({"", "_T", "NOTSPEC"})
_OWN: Final = frozenset({"_U", "_X"})  # unknown and unspecified: the same in both lists
_UNMAPPED: Final = "UNSD-"


@dataclass(frozen=True, slots=True)
class Translation:
    """One cell in SDMX terms. `known` is false where UNSD's code was only carried over, to be reported."""

    dimension: str
    code: str
    label: str | None = None
    known: bool = True


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure and the power of ten it comes in."""

    measure: str
    multiplier: str
    known: bool = True


@lru_cache(maxsize=8192)
def translate(column: str, value: str) -> Translation:
    """What a cell of the UNSD table means in the SDG data structure."""
    if column in COLUMN_DIMENSIONS:
        return _native(column, value, COLUMN_DIMENSIONS[column])
    if column in COMPOSITE_PREFIXES:
        return _composite(column, value)
    prefix = CUSTOM_PREFIXES[column]
    if value in _TOTALS:
        return Translation("CUST_BREAKDOWN", TOTAL)
    return Translation("CUST_BREAKDOWN", f"{prefix}_{escaped(value)}", f"{prefix.capitalize()}: {value}")


@cache
def titles() -> Mapping[str, str]:
    """What each SERIES code means, in English."""
    return {row["code"]: row["description"] for row in _table("unsd_series.csv")}


def labelled(dimension: str) -> list[tuple[str, str]]:
    """The codes of a dimension that have a counterpart here, each with its English label."""
    found = {said.code: said.label for said in _codes().values() if said.dimension == dimension}
    return [(code, label) for code, label in found.items() if label]


def unit(value: str) -> Unit:
    """The unit of measure; one that is not known is carried over."""
    return _units().get(value) or Unit(carried(value), "0", known=False)


def carried(value: str) -> str:
    """The code under which a value that has no counterpart is kept; `original` gives the value back."""
    return _UNMAPPED + escaped(value)


def escaped(value: str) -> str:
    """The value in the characters that SDMX codes allow: any other, and "$", as "$" and its UTF-8 bytes in hex."""
    return re.sub("[^A-Za-z0-9_@-]", lambda found: "".join(f"${byte:02X}" for byte in found[0].encode()), value)


def original(code: str) -> str:
    """The value that `escaped` was given; a leading mark of the unmapped is taken off first."""
    escapes = re.compile(r"(?:\$[0-9A-F]{2})+")
    plain = code.removeprefix(_UNMAPPED)
    return escapes.sub(lambda found: bytes.fromhex(found[0].replace("$", "")).decode(), plain)


def age(value: str) -> str | None:
    """The SDMX code of an age such as `15-49`, `<5Y`, `LT5Y`, `<=45Y`, `10+`, `<1M` or `M36T59`, else None."""
    if value == "ALLAGE":
        return TOTAL
    if re.fullmatch(r"[YM][0-9]{1,3}(T[0-9]{1,3})?|[YM]_GE[0-9]{1,3}", value):
        return value
    if found := re.fullmatch(r"([0-9]{1,3})-([0-9]{1,3})", value):
        return _span("Y", int(found[1]), int(found[2]))
    if found := re.fullmatch(r"([0-9]{1,3})\+", value):
        return f"Y_GE{int(found[1])}"
    if found := re.fullmatch(r"(<=|<|LT)([0-9]{1,3})([YM])", value):
        return _span(found[3], 0, int(found[2]) - (found[1] != "<="))
    return None


def _span(letter: str, first: int, last: int) -> str | None:
    if last < first:
        return None
    return f"{letter}{first}" if first == last else f"{letter}{first}T{last}"


def _native(column: str, value: str, dimension: str) -> Translation:
    if value in _TOTALS:
        return Translation(dimension, TOTAL)
    if value in _OWN:
        return Translation(dimension, value)
    if (found := _codes().get((column, value))) is not None:
        return found
    if column == "Age" and (code := age(value)) is not None:
        return Translation(dimension, code)
    return Translation(dimension, carried(value), known=False)


def _composite(column: str, value: str) -> Translation:
    if value in _TOTALS:
        return Translation("COMPOSITE_BREAKDOWN", TOTAL)
    found = _codes().get((column, value))
    return found or Translation("COMPOSITE_BREAKDOWN", f"{COMPOSITE_PREFIXES[column]}_{escaped(value)}")


@cache
def _codes() -> Mapping[tuple[str, str], Translation]:
    rows = _table("unsd_codes.csv")
    return {(r["column"], r["unsd"]): Translation(r["dimension"], r["code"], r["label"]) for r in rows}


@cache
def _units() -> Mapping[str, Unit]:
    return {r["unsd"]: Unit(r["unit_measure"], r["unit_mult"]) for r in _table("unsd_units.csv")}


def _table(name: str) -> list[dict[str, str]]:
    with Path(__file__).with_name(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("# ")))

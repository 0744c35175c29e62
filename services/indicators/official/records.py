"""The official frameworks as records of `un`: made from the tables, not from any database."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from services.indicators import frameworks, goals, indicators, targets
from services.indicators.frameworks import FRAMEWORK
from services.indicators.goals import GOAL
from services.indicators.indicators import INDICATOR
from services.indicators.official import ORIGIN, RELEASED_AT
from services.indicators.official.tables import Row, in_languages, rows
from services.indicators.targets import TARGET
from weft.protocol.names import Key
from weft.records.forms import Form
from weft.records.kinds import Kind

KINDS: tuple[Kind[Any], ...] = (FRAMEWORK, GOAL, TARGET, INDICATOR)


@cache
def records() -> Mapping[Key, Form]:
    """Every record of the official lists."""
    made = (*_frameworks(), *_goals(), *_targets(), *_indicators())
    found = {key(kind.name, id_): kind.form.model_validate(said | _times()) for kind, id_, said in made}
    if len(found) < len(made):
        raise ValueError("a record of the official lists is there twice")
    return found


def key(kind: str, id_: str) -> Key:
    """The key of a record of the official lists: `un/indicator/mdg-2008.7.10`."""
    return Key.make(ORIGIN, kind, id_)


def id_of(framework: str, number: str) -> str:
    return f"{framework}.{number.lower()}"


def _times() -> dict[str, str]:
    return {"created_at": RELEASED_AT, "updated_at": RELEASED_AT}


Made = tuple[Kind[Any], str, dict[str, Any]]


def _frameworks() -> Iterator[Made]:
    for row in rows("frameworks.csv"):
        said = {
            "title": in_languages(row),
            "description": {"en": row["description"]},
            **_given(row, "begins", "ends", "source"),
        }
        yield FRAMEWORK, row["id"], said


def _goals() -> Iterator[Made]:
    for row in rows("goals.csv"):
        said = {**_numbered(row), "title": in_languages(row), "themes": row["themes"].split()}
        yield GOAL, id_of(row["framework"], row["number"]), said


def _targets() -> Iterator[Made]:
    values: dict[str, list[dict[str, Any]]] = {}
    for row in rows("values.csv"):
        values.setdefault(row["target"], []).append(_value(row))
    for row in rows("targets.csv"):
        id_ = id_of(row["framework"], row["number"])
        yield TARGET, id_, {**_within_goal(row), "values": values.get(id_, []), "status": "endorsed"}


def _value(row: Row) -> dict[str, Any]:
    said: dict[str, Any] = {"indicator": str(key(indicators.KIND, row["indicator"]))}
    said |= _given(row, "series", "direction", "value", "of_base", "of_gap")
    return said | {name: int(row[name]) for name in ("base_year", "year") if row[name]}


def _indicators() -> Iterator[Made]:
    for row in rows("indicators.csv"):
        served = [str(key(targets.KIND, id_of(row["framework"], number))) for number in row["targets"].split()]
        codes = {name: row[name].split() for name in ("series", "proxies", "disaggregation", "groups")}
        said = {**_within_goal(row), "targets": served, **codes, "status": "endorsed"}
        yield INDICATOR, id_of(row["framework"], row["number"]), said


def _within_goal(row: Row) -> dict[str, Any]:
    goal = id_of(row["framework"], row["number"].partition(".")[0])
    return {
        **_numbered(row),
        "goal": str(key(goals.KIND, goal)),
        "title": {"en": row["title"]},
        "themes": _themes()[goal],
    }


@cache
def _themes() -> Mapping[str, list[str]]:
    return {id_of(row["framework"], row["number"]): row["themes"].split() for row in rows("goals.csv")}


def _numbered(row: Row) -> dict[str, Any]:
    return {"framework": str(key(frameworks.KIND, row["framework"])), "number": row["number"]}


def _given(row: Row, *names: str) -> dict[str, str]:
    return {name: row[name] for name in names if row[name]}

"""A country's figures: how much there is, and the newest observation of each key series, from every node that has it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from sqlalchemy import func, select
from sqlmodel import Session

from services.indicators.dimensions import DIMENSIONS, REQUIRED_DIMENSIONS, TOTAL
from services.indicators.indicators import Indicator
from services.indicators.models import SeriesRow
from services.indicators.official.records import key, records
from services.indicators.schemas import KIND
from services.indicators.sight import visible
from weft.database.statements import table
from weft.protocol.names import Key, Version
from weft.records import wire
from weft.records.sight import Sight

NEWEST_OF: Final = "mdg-2008"
"""The framework whose indicators a profile begins with; those on vulnerable groups come from all."""
MOST: Final = 300
_series = table(SeriesRow)
_breakdowns = [name.lower() for name in DIMENSIONS if name not in REQUIRED_DIMENSIONS]


class _Described(msgspec.Struct):
    dimensions: dict[str, str]
    attributes: dict[str, str] = {}
    title: dict[str, str] = {}


class _Observations(msgspec.Struct):
    TIME_PERIOD: list[str]
    OBS_VALUE: list[str | None]
    NATURE: list[str | None] | None = None


class _Observed(msgspec.Struct):
    observations: _Observations


@cache
def measured() -> Mapping[str, Sequence[str]]:
    """The indicators that each key series measures, or comes near to."""
    found: dict[str, list[str]] = defaultdict(list)
    framework = str(key("framework", NEWEST_OF))
    for name, record in records().items():
        if isinstance(record, Indicator) and (record.framework == framework or record.groups):
            for code in (*record.series, *record.proxies):
                found[code].append(str(name))
    return found


def of(session: Session, m49: str, sight: Sight) -> dict[str, Any]:
    """What is here of a country, as far as it may be seen."""
    there = [visible(sight), _series.c.ref_area == m49]
    counted = select(_series.c.origin, func.count(), func.sum(_series.c.observations)).where(*there)
    lines = session.connection().execute(counted.group_by(_series.c.origin).order_by(_series.c.origin)).all()
    return {
        "series": sum(int(count) for _, count, _ in lines),
        "observations": sum(int(count) for _, _, count in lines),
        "origins": {origin: int(count) for origin, count, _ in lines},
        "newest": [_told(line) for line in _chosen(session, there)],
    }


def _chosen(session: Session, there: Sequence[Any]) -> Iterable[Any]:
    """Of each key series and origin the one that is broken down least."""
    columns = [_series.c[name] for name in ("origin", "id", "series", *_breakdowns)]
    query = select(*columns).where(*there, _series.c.series.in_(list(measured())))
    least: dict[tuple[str, str], tuple[int, str]] = {}
    for line in session.connection().execute(query):
        broken = sum(getattr(line, name) != TOTAL for name in _breakdowns)
        place = line.series, line.origin
        least[place] = min(least.get(place, (broken, line.id)), (broken, line.id))
    ids = sorted({id_ for _, id_ in least.values()})[:MOST]
    wanted = {(origin, id_) for (_, origin), (_, id_) in least.items()}
    names = ("origin", "id", "series", "epoch", "number", "members", "rest")
    rows = select(*(_series.c[name] for name in names)).where(*there, _series.c.id.in_(ids))
    found = session.connection().execute(rows.order_by(_series.c.series, _series.c.origin))
    return [line for line in found if (line.origin, line.id) in wanted]


def _told(line: Any) -> dict[str, Any]:
    said = msgspec.json.decode(wire.joined(line.members), type=_Described)
    period, value, nature = _newest(msgspec.json.decode(wire.joined(line.rest), type=_Observed).observations)
    return {
        "series": line.series,
        "title": said.title,
        "origin": line.origin,
        "key": str(Key(line.origin, KIND, line.id)),
        "version": str(Version(line.epoch, line.number)),
        "dimensions": {name: code for name, code in said.dimensions.items() if code != TOTAL},
        "unit": said.attributes.get("UNIT_MEASURE"),
        "period": period,
        "value": value,
        "nature": nature,
        "indicators": measured()[line.series],
    }


def _newest(observations: _Observations) -> tuple[str, str | None, str | None]:
    """The last observation that has a value; the last of all where none has."""
    values = observations.OBS_VALUE
    at = next((place for place in reversed(range(len(values))) if values[place] is not None), len(values) - 1)
    nature = observations.NATURE[at] if observations.NATURE else None
    return observations.TIME_PERIOD[at], values[at], nature

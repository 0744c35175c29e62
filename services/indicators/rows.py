"""The rows of series: putting them in and taking them out, in bulk. Whose they are makes no difference here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete
from sqlmodel import Session

from services.indicators import wire
from services.indicators.dimensions import complete
from services.indicators.models import SeriesRow
from weft.areas import UnknownArea, area
from weft.database.statements import chunks, table, upsert
from weft.protocol.names import Key, Version

_series = table(SeriesRow)
_LISTED = ("dimensions", "attributes", "title", "created_at", "updated_at")
_MADE_HERE = frozenset(
    {"origin", "key", "version", "visibility", "audience", "area", "count", "first_period", "last_period"}
)


class Entry(NamedTuple):
    """A series to be shown. `audience`: who may have an own one, as the journal writes it; empty for a received one."""

    key: Key
    version: Version
    series: Mapping[str, Any]
    public: bool
    audience: str = ""


def show(session: Session, entries: Sequence[Entry]) -> None:
    """Insert or replace these series; each comes once."""
    upsert(session, SeriesRow, [_row(entry) for entry in entries])


def hide(session: Session, keys: Sequence[Key]) -> None:
    """Take these series out; one that is not there is no error."""
    for origin, ids in _ids_by_origin(keys).items():
        for part in chunks(ids):
            session.connection().execute(delete(_series).where(_series.c.origin == origin, _series.c.id.in_(part)))


def _ids_by_origin(keys: Iterable[Key]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for key in keys:
        grouped[key.origin].append(key.id)
    return grouped


def _row(entry: Entry) -> dict[str, Any]:
    series = entry.series
    dimensions = complete(series["dimensions"])
    periods = series["observations"]["TIME_PERIOD"]
    span = {"count": len(periods), "first_period": periods[0], "last_period": periods[-1]}
    listed = {name: series[name] for name in _LISTED if name in series}
    listed["dimensions"] = {**dimensions, **series["dimensions"]}
    rest = {name: value for name, value in series.items() if name not in _LISTED and name not in _MADE_HERE}
    return {
        "origin": entry.key.origin,
        "id": entry.key.id,
        "epoch": int(entry.version.epoch),
        "number": entry.version.number,
        "public": entry.public,
        "audience": entry.audience,
        **{name.lower(): code for name, code in dimensions.items()},
        "observations": span["count"],
        "first_period": span["first_period"],
        "last_period": span["last_period"],
        "updated_at": series["updated_at"],
        "members": wire.members({**listed, "area": _codes(dimensions["REF_AREA"]), **span}),
        "rest": wire.members(rest),
    }


def _codes(m49: str) -> dict[str, str | None]:
    try:
        known = area(m49)
    except UnknownArea:
        return {"m49": m49, "iso2": None, "iso3": None}
    return {"m49": m49, "iso2": known.iso2, "iso3": known.iso3}

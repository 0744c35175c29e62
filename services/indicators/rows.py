"""The rows of series: putting them in and taking them out, in bulk. Whose they are makes no difference here."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from services.indicators.dimensions import complete
from services.indicators.models import SeriesRow
from weft.database.statements import table, upsert
from weft.protocol.names import Key
from weft.records import wire
from weft.records.countries import codes
from weft.records.rows import Entry, forget

_series = table(SeriesRow)
_LISTED = ("dimensions", "attributes", "title", "created_at", "updated_at")
_MADE_HERE = frozenset(
    {"origin", "key", "version", "visibility", "audience", "area", "count", "first_period", "last_period"}
)


def show(session: Session, entries: Sequence[Entry[dict[str, Any]]]) -> None:
    """Insert or replace these series; each comes once."""
    upsert(session, SeriesRow, [_row(entry) for entry in entries])


def hide(session: Session, keys: Sequence[Key]) -> None:
    """Take these series out; one that is not there is no error."""
    forget(session, _series, keys)


def _row(entry: Entry[dict[str, Any]]) -> dict[str, Any]:
    series = entry.record
    dimensions = complete(series["dimensions"])
    periods = series["observations"]["TIME_PERIOD"]
    span = {"count": len(periods), "first_period": periods[0], "last_period": periods[-1]}
    listed = {name: series[name] for name in _LISTED if name in series}
    listed["dimensions"] = {**dimensions, **series["dimensions"]}
    rest = {name: value for name, value in series.items() if name not in _LISTED and name not in _MADE_HERE}
    return {
        **entry.columns(),
        **{name.lower(): code for name, code in dimensions.items()},
        "observations": span["count"],
        "first_period": span["first_period"],
        "last_period": span["last_period"],
        "updated_at": series["updated_at"],
        "members": wire.members({**listed, "area": codes(dimensions["REF_AREA"]), **span}),
        "rest": wire.members(rest),
    }

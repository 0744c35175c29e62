"""Observations across series: expanded from the series' bodies as flat rows, a page at a time or as parts of a CSV file."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final, NamedTuple, Self

import msgspec
from sqlalchemy import ColumnElement, func, select, tuple_
from sqlmodel import Session

from services.indicators import pages, sdmxcsv
from services.indicators.dimensions import (
    CSV_COLUMNS,
    DIMENSIONS,
    OBSERVATION_COLUMNS,
    PROVENANCE_COLUMNS,
    SERIES_ATTRIBUTES,
)
from services.indicators.models import SeriesRow
from services.indicators.pages import Place
from services.indicators.periods import span
from services.indicators.schemas import KIND, Observing
from services.indicators.shelf import filters
from services.indicators.sight import visible
from weft.database.statements import table
from weft.protocol.names import Key, Version
from weft.records import wire
from weft.records.pages import Page, written
from weft.records.sight import Sight

COLUMNS: Final = (*CSV_COLUMNS, *PROVENANCE_COLUMNS)
"""The UN's columns first, so that what reads its files reads ours; then where each line comes from."""
HEADER: Final = b"".join(sdmxcsv.write([], columns=COLUMNS))
PAGE_BYTES: Final = 8 * 1024 * 1024
PART_BYTES: Final = 8 * 1024 * 1024
SERIES_AT_ONCE: Final = 1_000
ROWS_FETCHED: Final = 100

_series = table(SeriesRow)
_key = (_series.c.origin, _series.c.id)
_names = ("origin", "id", "epoch", "number", "observations", "updated_at", "members", "rest")


class Part(NamedTuple):
    """A part of a CSV file, and where the next one begins; None at the end."""

    data: bytes
    next: Place | None


class Within(NamedTuple):
    """The days between which periods must begin and end; None leaves a side open."""

    first: date | None
    last: date | None

    @classmethod
    def of(cls, asked: Observing) -> Self:
        return cls(
            span(asked.start_period)[0] if asked.start_period else None,
            span(asked.end_period)[1] if asked.end_period else None,
        )

    @property
    def everything(self) -> bool:
        return self.first is None and self.last is None

    def chosen(self, periods: Sequence[str]) -> Sequence[int]:
        """Which of these periods are within, by position."""
        if self.everything:
            return range(len(periods))
        first, last = self.first or date.min, self.last or date.max
        return [at for at, period in enumerate(periods) if (days := span(period))[0] >= first and days[1] <= last]

    def filters(self) -> Iterator[ColumnElement[bool]]:
        """What the rows of series with such periods fulfil, and a few others: every form begins with the year."""
        if self.first:
            yield _series.c.last_period >= f"{self.first.year:04d}"
        if self.last:
            yield _series.c.first_period < f"{self.last.year + 1:04d}"


class _Observed(msgspec.Struct):
    observations: dict[str, Any]


class _Periods(msgspec.Struct):
    TIME_PERIOD: list[str]


class _Timed(msgspec.Struct):
    observations: _Periods


class _Described(msgspec.Struct):
    dimensions: dict[str, str]
    attributes: dict[str, str] = {}


_observed = msgspec.json.Decoder(_Observed)
_timed = msgspec.json.Decoder(_Timed)
_described = msgspec.json.Decoder(_Described)


def page(session: Session, asked: Observing, sight: Sight) -> Page:
    """Observations that are asked for and may be seen. A page also ends at 8 MiB."""
    within = Within.of(asked)
    matching = _matching(asked, sight, within)
    place = pages.read(asked.after) if asked.after else None
    total = _total(session, matching, within)
    items: list[bytes] = []
    size = 0
    last = None
    for line in _lines(session, matching, place):
        seen = place.period if place and (line.origin, line.id) == place[:2] else ""
        for period, item in _items(line, within, seen):
            if last and (len(items) == asked.limit or size > PAGE_BYTES):
                return Page(items, total, written(last))
            items.append(item)
            size += len(item)
            last = Place(line.origin, line.id, period)
    return Page(items, total, None)


def part(session: Session, asked: Observing, sight: Sight, after: Place | None) -> Part:
    """The lines of a CSV file after a place, as many as are made in a short transaction; whole series each."""
    within = Within.of(asked)
    last: Place | None = None
    size = taken = 0
    ended = True

    def expanded() -> Iterator[dict[str, Any]]:
        nonlocal last, size, taken, ended
        for line in _lines(session, _matching(asked, sight, within), after):
            if taken == SERIES_AT_ONCE or size > PART_BYTES:
                ended = False
                return
            last = Place(line.origin, line.id)
            taken += 1
            size += len(line.rest) + line.observations * len(line.members)
            yield _expanded(line, within)

    data = b"".join(sdmxcsv.write(expanded(), columns=COLUMNS, headed=False))
    return Part(data, None if ended else last)


def _matching(asked: Observing, sight: Sight, within: Within) -> list[ColumnElement[bool]]:
    return [visible(sight), *filters(asked), *within.filters()]


def _total(session: Session, matching: list[ColumnElement[bool]], within: Within) -> int:
    if within.everything:
        counted = select(func.coalesce(func.sum(_series.c.observations), 0)).where(*matching)
        return int(session.connection().execute(counted).scalar_one())
    bodies = session.connection().execute(
        select(_series.c.rest).where(*matching), execution_options={"yield_per": ROWS_FETCHED}
    )
    timed = (_timed.decode(wire.joined(rest)).observations.TIME_PERIOD for (rest,) in bodies)
    return sum(len(within.chosen(periods)) for periods in timed)


def _lines(session: Session, matching: list[ColumnElement[bool]], after: Place | None) -> Iterator[Any]:
    """Rows in the order of keys. The keys are sorted first, so that no bodies are."""
    while True:
        keys = select(*_key).where(*matching).order_by(*_key).limit(SERIES_AT_ONCE + 1)
        if after:
            beyond = tuple_(*_key) >= tuple_(*after[:2]) if after.period else tuple_(*_key) > tuple_(*after[:2])
            keys = keys.where(beyond)
        chosen = keys.subquery()
        query = (
            select(*(_series.c[name] for name in _names))
            .join(chosen, (_series.c.origin == chosen.c.origin) & (_series.c.id == chosen.c.id))
            .order_by(*_key)
        )
        found = 0
        for line in session.connection().execute(query, execution_options={"yield_per": ROWS_FETCHED}):
            yield line
            found += 1
            after = Place(line.origin, line.id)
        if found <= SERIES_AT_ONCE:
            return


def _columns(line: Any) -> dict[str, list[str | None]]:
    observations = _observed.decode(wire.joined(line.rest)).observations
    return {name: column for name in OBSERVATION_COLUMNS if (column := observations.get(name)) is not None}


def _periods(columns: dict[str, list[str | None]]) -> list[str]:
    return [period for period in columns["TIME_PERIOD"] if period is not None]


def _items(line: Any, within: Within, seen: str) -> Iterator[tuple[str, bytes]]:
    """The flat rows of one series as JSON, each with its period. Only known names, so that none is there twice."""
    described = _described.decode(wire.joined(line.members))
    dimensions = {name: described.dimensions[name] for name in DIMENSIONS}
    before = wire.members({**_provenance(line), "updated_at": line.updated_at, **dimensions})
    behind = wire.members(
        {name: described.attributes[name] for name in SERIES_ATTRIBUTES if name in described.attributes}
    )
    columns = _columns(line)
    periods = _periods(columns)
    for at in within.chosen(periods):
        period = periods[at]
        if period > seen:
            observation = wire.members({name: column[at] for name, column in columns.items()})
            yield period, wire.joined(before, observation, behind)


def _expanded(line: Any, within: Within) -> dict[str, Any]:
    described = _described.decode(wire.joined(line.members))
    columns = _columns(line)
    if not within.everything:
        chosen = within.chosen(_periods(columns))
        columns = {name: [column[at] for at in chosen] for name, column in columns.items()}
    return {
        "dimensions": described.dimensions,
        "attributes": described.attributes,
        "observations": columns,
        "provenance": dict(zip(PROVENANCE_COLUMNS, _provenance(line).values(), strict=True)),
    }


def _provenance(line: Any) -> dict[str, str]:
    key, version = Key(line.origin, KIND, line.id), Version(line.epoch, line.number)
    return {"origin": line.origin, "key": str(key), "version": str(version)}

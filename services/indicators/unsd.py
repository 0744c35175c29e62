"""The UNSD table of SDG observations as series in the wire form: streaming, a SeriesCode at a time. No storage."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter
from typing import Any, BinaryIO, Final, NamedTuple

from services.indicators import decimals, periods
from services.indicators.dimensions import CODE, TOTAL, complete
from services.indicators.series import MAX_OBSERVATIONS
from services.indicators.tables import BadTable, Report, positions, rows
from services.indicators.unsd_codes import COLUMNS, carried, translate, unit
from weft.areas import UnknownArea, area

REQUIRED: Final = ("SeriesCode", "GeoAreaCode", "TimePeriod", "Value")
KNOWN: Final = (*REQUIRED, "Nature", "Units", "Observation Status", *COLUMNS)
MAX_ROWS_OF_A_SERIES_CODE: Final = 1_000_000

_MADE: Final = ("OBS_VALUE", "OBS_STATUS", "NATURE", "COMMENT_OBS", "UPPER_BOUND", "LOWER_BOUND")
_NATURES: Final[Mapping[str, str | None]] = {
    **{code: code for code in ("C", "CA", "E", "G", "M", "N", "NA")},
    "": None,
    "NOTSPEC": None,
}
_STATUSES: Final = frozenset({"A", "E", "I", "M"})
_NO_VALUE: Final = frozenset({"", "N", "NV", "NaN"})
_BOUND: Final = re.compile("([<>])=?(.+)")
_BASE_YEAR: Final = re.compile(r"\bconstant ([12][0-9]{3})\b")


class _Refused(ValueError):
    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


class _Reading(NamedTuple):
    """What a cell of the column Value says. `<2.5` is no value but an upper bound; the cell stays as the comment."""

    value: str | None
    upper: str | None = None
    lower: str | None = None
    comment: str | None = None
    status: str = "A"


@dataclass(slots=True)
class _Gathered:
    """One key and its observations so far: by period, the cells of _MADE."""

    dimensions: dict[str, str]
    attributes: dict[str, str]
    unmapped: tuple[tuple[str, str], ...]
    observations: dict[str, tuple[str | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which rows are wanted, and what the table itself does not say about them."""

    titles: Mapping[str, str] = field(default_factory=dict)
    """English description by SeriesCode."""
    areas: Collection[str] | None = None
    codes: Collection[str] | None = None
    source: str | None = None
    """Goes into SOURCE_DETAIL of every series."""


def read(stream: BinaryIO, report: Report, selection: Selection) -> Iterator[dict[str, Any]]:
    """Every selected series, as `SeriesIn` takes it; the report grows while they are taken.

    Raises:
        BadTable: the file cannot be read as this table. Rows that are wrong by themselves are refused in the report.
    """
    table = rows(stream)
    _, header = next(table, (1, []))
    at = positions(header, required=REQUIRED, known=KNOWN)
    wanted = None if selection.areas is None else {area(code).m49 for code in selection.areas}
    code_of, area_of = itemgetter(at["SeriesCode"]), itemgetter(at["GeoAreaCode"])
    finished: set[str] = set()
    gathering = _Gathering("", at, selection, report)
    for line, row in table:
        report.rows_read += 1
        try:
            if len(row) != len(header):
                raise _Refused(f"{len(row)} cells where the header has {len(header)}", "Quote cells that hold commas.")
            if (code := code_of(row)) != gathering.code:
                yield from gathering.series()
                finished.add(gathering.code)
                gathering = _Gathering(code, at, selection, report)
            if code in finished:
                raise _Refused(f"{code[:60]!r} has come before and was closed", "Sort the file by SeriesCode.")
            if (selection.codes is not None and code not in selection.codes) or (
                wanted is not None and _m49(area_of(row)) not in wanted
            ):
                report.rows_filtered += 1
                continue
            gathering.add(row, line)
        except _Refused as refused:
            report.refuse(line, refused.reason, refused.hint)
    yield from gathering.series()


class _Gathering:
    """The rows of one SeriesCode, by key: a key's rows do not stand together in the table, a SeriesCode's do."""

    def __init__(self, code: str, at: Mapping[str, int], selection: Selection, report: Report) -> None:
        self.code = code
        self._report = report
        self._at = at
        self._selection = selection
        self._rows = 0
        self._by_cells: dict[tuple[str, ...], _Gathered] = {}
        self._by_key: dict[tuple[str, ...], _Gathered] = {}
        self._last: tuple[tuple[str, ...], _Gathered] = (), _Gathered({}, {}, ())
        self._columns = tuple(name for name in COLUMNS if name in at)
        self._cells = itemgetter(at["GeoAreaCode"], at.get("Units", at["GeoAreaCode"]), *(at[n] for n in self._columns))
        self._period, self._value = itemgetter(at["TimePeriod"]), itemgetter(at["Value"])
        self._nature, self._status = _optional(at, "Nature"), _optional(at, "Observation Status")

    def add(self, row: list[str], line: int) -> None:
        self._rows += 1
        if self._rows > MAX_ROWS_OF_A_SERIES_CODE:
            raise BadTable(
                line, f"{self.code} has more than {MAX_ROWS_OF_A_SERIES_CODE} rows", "Split the file by area."
            )
        # Most rows follow one of their own key: comparing with it is cheaper than hashing 29 cells.
        if (cells := self._cells(row)) != self._last[0]:
            if cells not in self._by_cells:
                self._by_cells[cells] = self._key(cells)
            self._last = cells, self._by_cells[cells]
        gathered = self._last[1]
        period = self._period(row)
        if period in gathered.observations:
            raise _Refused(f"a second value of the same series for {period[:20]}", "Keep one of the two rows.")
        if not _is_year(period):
            raise _Refused(f"{period[:20]!r} is not a year", "Write the year with four digits, such as 2015.")
        if len(gathered.observations) == MAX_OBSERVATIONS:
            raise _Refused(f"a series has at most {MAX_OBSERVATIONS} observations", "Split the series.")
        value, upper, lower, comment, status = _reading(self._value(row))
        if (given := self._status(row)) and given not in _STATUSES:
            given = self._carry("Observation Status", given)
        written = self._nature(row)
        nature = _NATURES[written] if written in _NATURES else self._carry("Nature", written)
        for cell in gathered.unmapped:
            self._report.unmapped[cell] += 1
        gathered.observations[period] = (value, given or status, nature, comment, upper, lower)

    def series(self) -> Iterator[dict[str, Any]]:
        title = self._selection.titles.get(self.code)
        for gathered in self._by_key.values():
            if not gathered.observations:
                continue
            self._report.series_made += 1
            yield {
                "dimensions": gathered.dimensions,
                "attributes": gathered.attributes,
                "title": {"en": title} if title else {},
                "observations": _columns(gathered.observations),
            }

    def _carry(self, column: str, value: str) -> str:
        self._report.unmapped[column, value] += 1
        code = carried(value)
        if not CODE.fullmatch(code):
            raise _Refused(f"{column} is {value[:40]!r}", "Use a short code.")
        return code

    def _key(self, cells: tuple[str, ...]) -> _Gathered:
        m49 = _m49(cells[0])
        if m49 is None:
            raise _Refused(f"{cells[0][:20]!r} is no area", "Use the M49 code of a country or area.")
        dimensions = {"FREQ": "A", "REPORTING_TYPE": "G", "SERIES": self.code, "REF_AREA": m49}
        unmapped, labels = [], []
        for column, value in zip(self._columns, cells[2:], strict=True):
            if not value:
                continue
            found = translate(column, value)
            if not found.known:
                unmapped.append((column, value))
            if found.dimension == "CUST_BREAKDOWN" and found.label:
                labels.append(found.label)
            if found.code != TOTAL:
                before = dimensions.get(found.dimension)
                dimensions[found.dimension] = f"{before}--{found.code}" if before else found.code
        for name, code in dimensions.items():
            if not CODE.fullmatch(code):
                raise _Refused(f"{name} would be {code[:80]!r}", "A code has 1 to 64 of A-Z a-z 0-9 _ @ $ -.")
        units = unit(cells[1] if "Units" in self._at else "")
        if not units.known:
            unmapped.append(("Units", cells[1]))
        attributes = {"UNIT_MULT": units.multiplier, "UNIT_MEASURE": units.measure}
        if base := _BASE_YEAR.search(self._selection.titles.get(self.code, "")):
            attributes["BASE_PER"] = base[1]
        if self._selection.source:
            attributes["SOURCE_DETAIL"] = self._selection.source
        if labels:
            attributes["CUST_BREAKDOWN_LB"] = "; ".join(labels)
        complete_key = complete(dimensions)
        new = _Gathered(complete_key, attributes, tuple(unmapped))
        gathered = self._by_key.setdefault(tuple(complete_key.values()), new)
        if gathered.attributes != attributes:
            raise _Refused(f"the unit {cells[1][:40]!r} differs from the same series' other rows", "Use one unit.")
        return gathered


def _columns(observations: dict[str, tuple[str | None, ...]]) -> dict[str, list[str | None]]:
    ordered = sorted(observations)
    columns: dict[str, list[str | None]] = {"TIME_PERIOD": list(ordered)}
    for index, name in enumerate(_MADE):
        column = [observations[period][index] for period in ordered]
        if name == "OBS_VALUE" or any(cell is not None for cell in column):
            columns[name] = column
    return columns


def _optional(at: Mapping[str, int], name: str) -> Callable[[list[str]], str]:
    index = at.get(name)
    return (lambda row: "") if index is None else itemgetter(index)


@lru_cache(maxsize=4096)
def _is_year(period: str) -> bool:
    return periods.fits(period, "A")


@lru_cache(maxsize=4096)
def _m49(code: str) -> str | None:
    try:
        return area(code).m49
    except UnknownArea:
        return None


def _reading(cell: str) -> _Reading:
    try:
        return _Reading(decimals.plain(cell))
    except ValueError as error:
        return _without_value(cell, str(error))


def _without_value(cell: str, why: str) -> _Reading:
    if cell in _NO_VALUE:
        return _Reading(None, comment=cell or None, status="M")
    if found := _BOUND.fullmatch(cell):
        try:
            bound = decimals.plain(found[2])
        except ValueError as error:
            why = str(error)
        else:
            return _Reading(None, bound, None, cell) if found[1] == "<" else _Reading(None, None, bound, cell)
    raise _Refused(f"Value: {why}", "Leave the cell empty where the value is missing.")

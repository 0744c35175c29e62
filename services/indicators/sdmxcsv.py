"""Series as SDMX-CSV 1.0 in the UN's column order, and back: both streaming. Not for other tables.

A cell that a spreadsheet would run as a formula (it starts with = + - @ or a tab and is no number) is written
with an apostrophe before it, and so is one that starts with an apostrophe: reading takes exactly one off again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any, BinaryIO, Final

from pydantic import ValidationError

from services.indicators import decimals
from services.indicators.dimensions import (
    CSV_COLUMNS,
    DATAFLOW,
    DIMENSIONS,
    OBSERVATION_COLUMNS,
    PROVENANCE_COLUMNS,
    REQUIRED_DIMENSIONS,
    SERIES_ATTRIBUTES,
    TOTAL,
)
from services.indicators.ids import series_id
from services.indicators.series import MAX_OBSERVATIONS, SeriesIn
from services.indicators.tables import Report, positions, rows

REQUIRED: Final = (*REQUIRED_DIMENSIONS, "TIME_PERIOD", "OBS_VALUE")
CHUNK: Final = 64 * 1024

_RUNS: Final = ("=", "+", "-", "@", "\t", "'")
_TO_BE_QUOTED: Final = re.compile('[",\r\n]')
_OF_AN_OBSERVATION: Final = frozenset(OBSERVATION_COLUMNS)
_OF_A_SERIES: Final = frozenset((*DIMENSIONS, *SERIES_ATTRIBUTES))


def write(
    series: Iterable[Mapping[str, Any]],
    *,
    dataflow: str = DATAFLOW,
    columns: Sequence[str] = CSV_COLUMNS,
    headed: bool = True,
) -> Iterator[bytes]:
    """The header and a line for each observation, CRLF and quoted as RFC 4180 says, in pieces of about 64 KiB.

    A series may have a `provenance`, which fills `PROVENANCE_COLUMNS` where `columns` has them.
    """
    held = [",".join(columns) + "\r\n"] if headed else []
    size = 0
    for one in series:
        for line in _lines(one, dataflow, columns):
            held.append(line)
            size += len(line)
            if size >= CHUNK:
                yield "".join(held).encode()
                held, size = [], 0
    yield "".join(held).encode()


def read(stream: BinaryIO, report: Report, *, titles: Mapping[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """Every series of such a file, as `SeriesIn` takes it; titles are English descriptions by SERIES.

    A series' rows must stand together; its periods are put in order. A series is refused with all its rows. What a file
    from here says of provenance is passed over: what is read gets a new one.

    Raises:
        BadTable: the file cannot be read as this table.
    """
    table = rows(stream)
    _, header = next(table, (1, []))
    at = positions(header, required=REQUIRED, known=(*CSV_COLUMNS, *PROVENANCE_COLUMNS))
    constant = [(name, at[name]) for name in header if name in _OF_A_SERIES]
    made: set[str] = set()
    gathered: list[tuple[int, list[str]]] = []
    current: tuple[str, ...] | None = None
    for line, row in table:
        report.rows_read += 1
        if len(row) != len(header):
            cells = f"{len(row)} cells where the header has {len(header)}"
            report.refuse(line, cells, "Quote cells that hold commas.")
            continue
        key = tuple(row[at[name]] or TOTAL if name in at else TOTAL for name in DIMENSIONS)
        if key != current:
            yield from _series(gathered, at, constant, titles or {}, made, report)
            gathered, current = [], key
        if len(gathered) == MAX_OBSERVATIONS:
            report.refuse(line, f"a series has at most {MAX_OBSERVATIONS} observations", "Split the series.")
            continue
        gathered.append((line, row))
    yield from _series(gathered, at, constant, titles or {}, made, report)


def safe(cell: str | None) -> str:
    """The cell so that no spreadsheet runs it."""
    if not cell or not cell.startswith(_RUNS):
        return cell or ""
    try:
        decimals.plain(cell)
    except ValueError:
        return "'" + cell
    return cell


def bare(cell: str) -> str | None:
    """What `safe` was given; None for the empty cell."""
    if cell.startswith("'") and cell[1:].startswith(_RUNS):
        return cell[1:]
    return cell or None


def _lines(series: Mapping[str, Any], dataflow: str, columns: Sequence[str]) -> Iterator[str]:
    """What stays the same within a series is written once and repeated: most series have few observations."""
    constant = {"DATAFLOW": dataflow, **series["dimensions"], **series["attributes"], **series.get("provenance", {})}
    observations = series["observations"]
    cells: list[Iterable[str]] = []
    same: list[str] = []
    for name in columns:
        column = observations.get(name) if name in _OF_AN_OBSERVATION else None
        if column is None:
            same.append(_cell(constant.get(name)))
            continue
        if same:
            cells.append(repeat(",".join(same)))
            same = []
        cells.append(map(_cell, column))
    cells.append(repeat(",".join(same) + "\r\n"))
    return map(",".join, zip(*cells, strict=False))


@lru_cache(maxsize=8192)
def _cell(text: str | None) -> str:
    """The cell as it stands in the file."""
    cell = safe(text)
    return '"' + cell.replace('"', '""') + '"' if _TO_BE_QUOTED.search(cell) else cell


def _series(
    gathered: list[tuple[int, list[str]]],
    at: Mapping[str, int],
    constant: list[tuple[str, int]],
    titles: Mapping[str, str],
    made: set[str],
    report: Report,
) -> Iterator[dict[str, Any]]:
    if not gathered:
        return
    first_line, first = gathered[0]
    for line, row in gathered:
        for name, index in constant:
            if row[index] != first[index]:
                _refuse_all(gathered, report, f"{name} changes within the series at line {line}", "Give one value.")
                return
    of_series = {name: cell for name, index in constant if (cell := bare(first[index])) is not None}
    ordered = [row for _, row in sorted(gathered, key=lambda numbered: numbered[1][at["TIME_PERIOD"]])]
    observations: dict[str, list[str | None]] = {}
    for name in OBSERVATION_COLUMNS:
        if name not in at:
            continue
        column = [bare(row[at[name]]) for row in ordered]
        if name == "OBS_VALUE" or any(cell is not None for cell in column):
            observations[name] = column
    title = titles.get(of_series.get("SERIES", ""))
    try:
        series = SeriesIn.model_validate(
            {
                "dimensions": {name: cell for name, cell in of_series.items() if name in DIMENSIONS},
                "attributes": {name: cell for name, cell in of_series.items() if name in SERIES_ATTRIBUTES},
                "title": {"en": title} if title else {},
                "observations": observations,
            }
        )
    except ValidationError as invalid:
        problem = invalid.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in problem["loc"])
        _refuse_all(
            gathered, report, f"{place}: {problem['msg']}".lstrip(": "), f"See the series from line {first_line}."
        )
        return
    if (record := series_id(series.dimensions)) in made:
        _refuse_all(gathered, report, "rows of this series have come before", "Sort the file by series.")
        return
    made.add(record)
    report.series_made += 1
    yield series.body()


def _refuse_all(gathered: list[tuple[int, list[str]]], report: Report, reason: str, hint: str) -> None:
    for line, _ in gathered:
        report.refuse(line, reason, hint)

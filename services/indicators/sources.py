"""Reading an import in each of the forms that are taken: lines of JSON, SDMX-CSV, the UNSD table. Nothing is written here."""

from collections.abc import Callable
from typing import Any, BinaryIO

from pydantic import ValidationError

from services.indicators import sdmxcsv, unsd
from services.indicators.ids import series_id
from services.indicators.schemas import KIND, MADE, SeriesDraft
from services.indicators.series import SeriesIn
from services.indicators.staging import Staging
from services.indicators.tables import BadTable
from services.indicators.unsd import Selection
from services.indicators.unsd_codes import titles
from weft.problems import Invalid, NotOurs, Problem, TooLarge
from weft.records import flaws, wire
from weft.records.own import Content

LINE_BYTES = 1024 * 1024
Source = Callable[[BinaryIO, Staging], None]
"""Takes a file in. It raises a `Problem` where the file as a whole cannot be read; its lines are refused one by one."""


class Unreadable(Problem):
    status, code, title = 422, "unreadable-table", "The file cannot be read as the table that is expected"
    hint = "Correct the line that is named as it says there, and send the file again; nothing was written."


def lines(us: str) -> Source:
    """A series a line, as JSON with its audience: as an editor writes it, or as this node exported it."""

    def read(file: BinaryIO, staging: Staging) -> None:
        number = 0
        while text := file.readline(LINE_BYTES + 1):
            number += 1
            if len(text) > LINE_BYTES:
                raise TooLarge(f"line {number} is over {LINE_BYTES} bytes")
            if number == 1:
                text = text.removeprefix(b"\xef\xbb\xbf")
            if not text.strip():
                continue
            try:
                draft = SeriesDraft.of(_written(wire.read(text), us))
            except Problem as problem:
                staging.refuse(problem, line=number)
            else:
                staging.take(series_id(draft.dimensions), draft.content(), line=number)

    return read


def sdmx_csv(audience: tuple[str, ...]) -> Source:
    """Lines as the UN writes them; the file does not say who may have them."""

    def read(file: BinaryIO, staging: Staging) -> None:
        try:
            for series in sdmxcsv.read(file, staging.table, titles=titles()):
                staging.take(series_id(series["dimensions"]), Content(wire.members(series), audience))
        except BadTable as bad:
            raise _unreadable(bad) from None

    return read


def unsd_table(audience: tuple[str, ...], selection: Selection) -> Source:
    """The table of the UNSD database, plain or gzip."""

    def read(file: BinaryIO, staging: Staging) -> None:
        try:
            for made in unsd.read(file, staging.table, selection):
                _validated(made, audience, staging)
        except BadTable as bad:
            raise _unreadable(bad) from None

    return read


def _written(tree: wire.Object, us: str) -> wire.Object:
    """What an editor writes of a line; one that was exported says whose it is, and what the node made of it."""
    origin = tree.pop("origin", None)
    if origin is None:
        return tree
    if origin != us:
        raise NotOurs(f"the series belongs to {str(origin)[:80]}; this node is {us}")
    return {name: value for name, value in tree.items() if name not in MADE}


def _validated(made: dict[str, Any], audience: tuple[str, ...], staging: Staging) -> None:
    try:
        series = SeriesIn.model_validate(made).body()
    except ValidationError as error:
        problem = flaws.refused(error, KIND, SeriesIn.model_fields)
        where = f"{made['dimensions']['SERIES']} of area {made['dimensions']['REF_AREA']}"
        staging.refuse(Invalid(f"{where}: {problem.detail}"), line=staging.table.rows_read)
        return
    staging.take(series_id(series["dimensions"]), Content(wire.members(series), audience))


def _unreadable(bad: BadTable) -> Problem:
    return Unreadable(str(bad), line=bad.line, remedy=bad.hint)

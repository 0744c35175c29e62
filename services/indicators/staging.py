"""An import on its way: what may still be written, in a file, and what is known to become of its lines."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, BinaryIO

import msgspec
from pydantic import BaseModel, Field

from services.indicators import tables
from weft.problems import Invalid, Problem, TooLarge
from weft.records import reports
from weft.records.own import Content
from weft.records.portions import portions
from weft.records.reports import Fate, Line, Outcome

RECORDS = 200_000
UNMAPPED_REPORTED = 1_000


class Unmapped(BaseModel):
    """A code of a column that has no counterpart and was carried over as it is, and in how many rows."""

    column: str
    code: str
    rows: int


class Report(reports.Report):
    """What became of an import. `lines` has the refused ones first of all, and no more than a thousand; of tables it has
    only those, since a series of a table has many lines. `refused` counts lines, the counts before it series."""

    rows_read: Annotated[int, Field(description="Lines of a table without its header; 0 for lines of JSON.")]
    rows_filtered: Annotated[int, Field(description="Rows of a table that were not asked for.")]
    unmapped: list[Unmapped]


class _Staged(msgspec.Struct, array_like=True):
    id: str
    line: int
    audience: tuple[str, ...]
    members: bytes
    public_from: str | None


_decoder = msgspec.msgpack.Decoder(_Staged)


class Staging:
    """Series are taken in and refused one by one; what is left can be gone through as often as is needed."""

    def __init__(self, file: BinaryIO) -> None:
        self.table = tables.Report()
        self._file = file
        self._lengths: list[int] = []
        self._lines_of: dict[str, int] = {}
        self._refused: set[str] = set()
        self._counts: Counter[Fate] = Counter()
        self._lines: list[Line] = []

    def take(self, id_: str, content: Content, *, line: int = 0) -> None:
        """Take a series in; `line` where one line holds it.

        Raises:
            TooLarge: it is one too many.
        """
        if id_ in self._lines_of:
            where = f"is in line {self._lines_of[id_]} already" if line else "comes twice"
            self.refuse(Invalid(f"the series {id_} {where}"), line=line, id_=id_)
            return
        if len(self._lengths) == RECORDS:
            raise TooLarge(f"an import has at most {RECORDS} series: send it in parts")
        self._lines_of[id_] = line
        packed = msgspec.msgpack.encode(_Staged(id_, line, content.audience, content.members, content.public_from))
        self._file.write(packed)
        self._lengths.append(len(packed))

    def refuse(self, problem: Problem, *, line: int, id_: str | None = None) -> None:
        """Note that a line is not taken."""
        self._counts["refused"] += 1
        detail = f"{problem} {problem.hint}" if problem.code != "invalid" else str(problem)
        if self._counts["refused"] <= reports.LINES:
            self._lines.append(Line(line=line, id=id_, outcome="refused", code=problem.code, detail=detail[:500]))

    def drop(self, found: Mapping[str, Problem]) -> None:
        """Take these series out of what may be written."""
        for id_, problem in found.items():
            self._refused.add(id_)
            self.refuse(problem, line=self._lines_of[id_], id_=id_)

    def settle(self, outcomes: Mapping[str, Outcome]) -> None:
        """Note what became of series."""
        for id_, said in outcomes.items():
            self._counts[said] += 1
            line = self._lines_of[id_]
            if line and len(self._lines) < 2 * reports.LINES:
                self._lines.append(Line(line=line, id=id_, outcome=said))

    def parts(self) -> Iterator[dict[str, Content]]:
        """What is left, in the portions in which it is written."""
        return portions(self._left())

    def _left(self) -> Iterator[tuple[str, Content, int]]:
        self._file.seek(0)
        for length in self._lengths:
            staged = _decoder.decode(self._file.read(length))
            if staged.id not in self._refused:
                yield staged.id, Content(staged.members, staged.audience, staged.public_from), length

    @property
    def refused(self) -> int:
        return self._counts["refused"] + self.table.rows_refused

    def report(self, *, dry_run: bool) -> Report:
        rows = [
            Line(line=row.line, id=None, outcome="refused", code="invalid", detail=f"{row.reason}. {row.hint}"[:500])
            for row in self.table.refusals
        ]
        return Report(
            dry_run=dry_run,
            created=self._counts["created"],
            revised=self._counts["revised"],
            unchanged=self._counts["unchanged"],
            refused=self.refused,
            rows_read=self.table.rows_read,
            rows_filtered=self.table.rows_filtered,
            unmapped=[
                Unmapped(column=column[:100], code=code[:100], rows=rows)
                for (column, code), rows in self.table.unmapped.most_common(UNMAPPED_REPORTED)
            ],
            lines=reports.chosen([*self._lines, *rows]),
        )

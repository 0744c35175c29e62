"""What became of an import, line by line. How it is read and written is each service's matter."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import BaseModel

from weft.problems import Problem

LINES = 1_000
"""How many lines a report has at most."""

Outcome = Literal["created", "revised", "unchanged"]
Fate = Literal["created", "revised", "unchanged", "refused"]


class Line(BaseModel):
    """What became of a line, or would become of it. `code` and `detail` say why it was refused."""

    line: int
    id: str | None
    outcome: Fate
    code: str | None = None
    detail: str | None = None


class Report(BaseModel):
    """What became of an import. `lines` has the refused ones first of all, and no more than a thousand."""

    dry_run: bool
    created: int
    revised: int
    unchanged: int
    refused: int
    lines: list[Line]


class Refused(Problem):
    status, code, title = 422, "import-refused", "Lines of this import cannot be taken, so none was"
    hint = "Correct the lines that are named, or send keep_going=true to import the others without them."

    @classmethod
    def of(cls, report: Report) -> Self:
        return cls(f"{report.refused} lines are refused, nothing was written", **report.model_dump())


class Interrupted(Problem):
    status, code, title = 503, "import-interrupted", "The import stopped before its end"
    hint = "Send the same lines again: what was written is then unchanged, and the rest follows."

    @classmethod
    def by(cls, problem: Problem, report: Report) -> Self:
        return cls(f"before the end: {problem}", **report.model_dump(exclude={"lines", "unmapped"}))


def chosen(lines: Iterable[Line]) -> list[Line]:
    """The lines that are told, in their order: refused ones before others where they are too many."""
    refused_first = sorted(lines, key=lambda line: (line.outcome != "refused", line.line))
    return sorted(refused_first[:LINES], key=lambda line: line.line)

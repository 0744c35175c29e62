"""What commands print: tables for people, JSON for scripts, problems with their remedy on standard error.

What others wrote is printed as text, never read as markup.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

out = Console()
err = Console(stderr=True)


def say(line: str) -> None:
    """A line of text, as it is."""
    out.print(line, markup=False, highlight=False, soft_wrap=True)


def as_json(value: Any) -> None:
    """One JSON document, and nothing else, on standard output."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    drawn = Table(title=Text(title, "italic"), title_justify="left")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    out.print(drawn)


def problem(what: str, hint: str = "") -> None:
    err.print(Text.assemble(("Problem: ", "bold red"), what))
    if hint:
        err.print(Text.assemble(("What to do: ", "bold"), hint))

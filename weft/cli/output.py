"""What commands print: tables for people, JSON for scripts, problems with their remedy on standard error."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

out = Console()
err = Console(stderr=True)


def as_json(value: Any) -> None:
    """One JSON document, and nothing else, on standard output."""
    out.print(json.dumps(value, ensure_ascii=False, indent=2), soft_wrap=True, markup=False, highlight=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    drawn = Table(title=title, title_justify="left")
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in rows:
        drawn.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(drawn)


def problem(what: str, hint: str = "") -> None:
    err.print(f"[bold red]Problem:[/] {what}", highlight=False)
    if hint:
        err.print(f"[bold]What to do:[/] {hint}", highlight=False)

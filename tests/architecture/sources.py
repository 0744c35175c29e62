"""The project's own files, read as text and as syntax trees. The rules about them are in the tests."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SERVICES = ("catalog", "indicators", "search", "sync")
CODE = ("weft", "services", "gateway", "demo")
SKIPPED = {"__pycache__", "node_modules", "demo-data", "var", "build", "dist"}


class Import(NamedTuple):
    """`module` is what is imported, with the name where one is taken `from` it."""

    file: Path
    line: int
    module: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.module}"


@cache
def python(*folders: str) -> tuple[Path, ...]:
    """Every Python file below these folders of the project."""
    return tuple(sorted(file for folder in folders for file in (ROOT / folder).rglob("*.py") if _ours(file)))


@cache
def files(suffix: str) -> tuple[Path, ...]:
    """Every file of the project with this suffix."""
    return tuple(sorted(file for file in ROOT.rglob(f"*{suffix}") if _ours(file)))


def _ours(file: Path) -> bool:
    parts = file.relative_to(ROOT).parts
    return not any(part in SKIPPED or (part.startswith(".") and part != ".ci") for part in parts)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"), str(file))


def imports(paths: Iterable[Path]) -> Iterator[Import]:
    """What files import, wherever in them it stands."""
    for file in paths:
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Import):
                yield from (Import(file, node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file}:{node.lineno} imports relatively: say the whole name"
                yield from (Import(file, node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def page(name: str) -> str:
    """A page of the documentation."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def rows(text: str) -> list[list[str]]:
    """The cells of every row of every table in a page."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")] for line in lines]


def where(file: Path, line: int) -> str:
    return f"{file.relative_to(ROOT)}:{line}"

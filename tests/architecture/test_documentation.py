"""Whoever adds a setting, metric, state, problem, command or route writes it down; what is written down is there."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from prometheus_client import Metric
from prometheus_client.metrics import MetricWrapperBase

import gateway
import services
import weft
from tests.architecture.sources import ROOT, files, page, python, rows, where
from weft.cli.app import app
from weft.exchange.states import TRANSITIONS, State
from weft.problems import Problem
from weft.protocol import refusals
from weft.protocol.refusals import Contradiction, Refusal, Unauthentic
from weft.settings import Settings
from weft.web import metrics

NAME = re.compile(r"`([^`]+)`")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
GROUPS = {Refusal, Unauthentic, Contradiction}
"""Classes of refusals that are never raised themselves."""


def first_names(text: str) -> set[str]:
    """What stands in back quotes in the first cell of any row."""
    return {name for row in rows(text) for name in NAME.findall(row[0])}


def problems() -> set[tuple[int, str]]:
    for package in (weft, services, gateway):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name and not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    return {(kind.status, kind.code) for kind in _kinds(Problem) if kind.__module__.split(".")[0] != "tests"}


def _kinds(kind: type[Problem]) -> Iterator[type[Problem]]:
    yield kind
    for narrower in kind.__subclasses__():
        yield from _kinds(narrower)


def commands() -> Iterator[tuple[str, str]]:
    """Every command with its help."""

    def walk(group: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for name, command in getattr(group, "commands", {}).items():
            if hasattr(command, "commands"):
                yield from walk(command, (*path, name))
            else:
                yield " ".join((*path, name)), command.help or ""

    return walk(typer.main.get_command(app), ("weft",))


def test_the_settings_that_are_documented_are_those_that_there_are() -> None:
    told = {row[0].strip("`"): row for row in rows(page("operate/settings.md")) if row[0].startswith("`")}
    assert set(told) == set(Settings.model_fields)
    for name, row in told.items():
        assert row[1] in {f"`WEFT_{name.upper()}`", ""}


def test_the_defaults_of_settings_are_documented_as_they_are() -> None:
    told = {row[0].strip("`"): row[2] for row in rows(page("operate/settings.md")) if row[0].startswith("`")}
    plain = {name: field.default for name, field in Settings.model_fields.items() if field.default not in ("", None)}
    wrong = {
        name: told[name]
        for name, default in plain.items()
        if not Settings.model_fields[name].is_required() and told[name] != f"`{default}`"
    }
    assert wrong == {}


def test_the_metrics_that_are_documented_are_those_that_there_are() -> None:
    exposed = {exposed_name(family) for family in metrics.REGISTRY.collect()}
    assert first_names(page("operate/metrics.md")) == exposed


def exposed_name(family: Metric) -> str:
    return f"{family.name}_total" if family.type == "counter" else family.name


def test_a_metric_that_nothing_fills_is_said_to_be_empty() -> None:
    code = "\n".join(file.read_text(encoding="utf-8") for file in python("weft", "services", "gateway"))
    told = {NAME.findall(row[0])[0]: row for row in rows(page("operate/metrics.md")) if NAME.findall(row[0])}
    for name, metric in vars(metrics).items():
        if not isinstance(metric, MetricWrapperBase):
            continue
        filled = re.search(rf"\b{name}\b(\.labels\([^\n]*\))?\.(set|inc|dec|observe)\(", code) is not None
        row = told[exposed_name(next(iter(metric.collect())))]
        assert filled is ("not filled yet" not in " ".join(row)), name


def test_every_state_is_documented_with_the_states_that_may_follow() -> None:
    text = page("operate/replication.md")
    told = {
        NAME.findall(row[0])[0]: set(NAME.findall(row[1]))
        for row in rows(text.partition("may become")[2])
        if len(row) == 2 and NAME.findall(row[0])
    }
    assert told == {state.value: {other.value for other in after} for state, after in TRANSITIONS.items()}
    assert first_names(text.partition("## States")[2].partition("The transitions")[0]) == {s.value for s in State}


def test_every_refusal_is_documented_with_what_to_do() -> None:
    made = {
        kind.code
        for kind in vars(refusals).values()
        if isinstance(kind, type) and issubclass(kind, Refusal) and kind not in GROUPS
    }
    text = page("operate/replication.md").partition("## Refusals")[2]
    assert first_names(text) == made
    assert all(len(row) == 3 and row[2] for row in rows(text))


def test_the_problems_that_are_documented_are_those_that_there_are() -> None:
    told = {(int(row[0]), row[1].strip("`")) for row in rows(page("use/errors.md")) if row[0].isdigit()}
    assert told == problems()


def test_every_problem_says_what_to_do_next() -> None:
    problems()
    silent = [kind.__name__ for kind in _kinds(Problem) if not (kind.hint and kind.title)]
    assert silent == []


@pytest.mark.parametrize("command", [name for name, _ in commands()])
def test_every_command_is_documented_for_operators(command: str) -> None:
    assert command in first_names(page("operate/index.md"))


def test_every_documented_command_is_there() -> None:
    told = {name for name in first_names(page("operate/index.md")) if name.startswith("weft ")}
    assert told == {name for name, _ in commands()}


@pytest.mark.parametrize(("command", "help_"), [pair for pair in commands() if pair[0] != "weft version"])
def test_every_command_with_arguments_has_an_example_in_its_help(command: str, help_: str) -> None:
    assert "Example" in help_
    assert command in help_.partition("Example")[2]


@pytest.mark.parametrize("file", [*files(".md")], ids=lambda file: where(file, 0))
def test_the_links_of_a_page_lead_somewhere(file: Path) -> None:
    dead = []
    for target in LINK.findall(_without_code(file.read_text(encoding="utf-8"))):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        name, _, place = target.partition("#")
        there = (file.parent / name).resolve() if name else file
        if not there.exists():
            dead.append(target)
        elif place and place not in _places(there.read_text(encoding="utf-8")):
            dead.append(f"{target}: there is no such heading")
    assert dead == []


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def _places(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_decision_is_in_the_index_and_has_its_four_parts() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    index = page("decisions/index.md")
    for number, record in enumerate(records, 1):
        text = record.read_text(encoding="utf-8")
        assert record.name.startswith(f"{number:04d}-")
        assert record.name in index
        assert [
            part for part in ("Context", "Decision", "Alternatives", "Consequences") if f"**{part}.**" not in text
        ] == []


def test_every_service_has_a_page_of_guarantees_that_is_short() -> None:
    pages = [*(ROOT / "services").glob("*/README.md"), ROOT / "gateway" / "README.md"]
    assert len(pages) == 5
    assert [where(file, 0) for file in pages if len(file.read_text(encoding="utf-8").splitlines()) > 40] == []

"""The demo's regional targets and indicators, and the figures in which two commissions differ."""

import csv
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from services.indicators.indicators import IndicatorIn
from services.indicators.targets import TargetIn

DEMO = Path(__file__).parents[3] / "demo"
NODES = ("eca", "ece", "eclac", "escap", "escwa")
FORMS = {"target": TargetIn, "indicator": IndicatorIn}
SHARED = {"escwa": "eca", "escap": "ece"}
"""Who has figures of its own for a country, and who shows the database's for the same one."""


def records(kind: str) -> dict[str, dict[str, Any]]:
    """Records of one kind, by key."""
    found = {}
    for node in NODES:
        for line in (DEMO / node / f"{kind}s.ndjson").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            found[f"{node}/{kind}/{record.pop('id')}"] = record
    return found


def cells(path: Path) -> dict[tuple[str, ...], str]:
    """Values by cell: all dimensions and the period."""
    with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        rows = csv.reader(file)
        at = next(rows).index("TIME_PERIOD")
        return {tuple(row[1 : at + 1]): row[at + 1] for row in rows}


@pytest.mark.parametrize("kind", FORMS)
def test_every_line_is_taken_as_an_editor_would_write_it(kind: str) -> None:
    for record in records(kind).values():
        FORMS[kind].parse(record, kind)
    assert {key.partition("/")[0] for key in records(kind)} == set(NODES)


@pytest.mark.parametrize("kind", FORMS)
def test_ecas_adapts_eclacs_and_whatever_has_ancestors_here_finds_them(kind: str) -> None:
    found = records(kind)
    ancestors = [(key, old) for key, record in found.items() for old in record.get("adapts", [])]
    assert any(key.startswith("eca/") and old.startswith("eclac/") for key, old in ancestors)
    assert {old for _, old in ancestors} <= found.keys()
    replaced = {old for record in found.values() for old in record.get("replaces", [])}
    assert all(found[old]["status"] == "retired" for old in replaced)


def test_every_text_says_that_it_is_an_illustration() -> None:
    words = ("llustration", "Ilustración", "Иллюстрация", "مثال توضيحي", "示例")
    for kind in FORMS:
        for key, record in records(kind).items():
            assert all(any(word in text for word in words) for text in record["definition"].values()), key


@pytest.mark.parametrize("own", SHARED)
def test_a_commission_differs_from_another_in_the_cells_of_one_country_and_in_no_other_file(own: str) -> None:
    ours, theirs = cells(DEMO / own / "estimates.csv"), cells(DEMO / SHARED[own] / "observations.csv.gz")
    assert ours
    assert all(cell in theirs and theirs[cell] != value for cell, value in ours.items())
    series = {cell[:-1] for cell in ours}
    assert not [cell for cell in cells(DEMO / own / "observations.csv.gz") if cell[:-1] in series]

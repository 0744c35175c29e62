"""The demo's barriers and measures: well formed, about every group, and about records that are there."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from services.catalog.barriers import BarrierIn
from services.catalog.measures import MeasureIn
from services.catalog.terms import Group

DEMO = Path(__file__).parents[3] / "demo"
NODES = ("eca", "ece", "eclac", "escap", "escwa")
FORMS = {"barrier": BarrierIn, "measure": MeasureIn}


@cache
def records(kind: str) -> dict[str, dict[str, Any]]:
    """Records of one kind, by key."""
    found = {}
    for node in NODES:
        for line in (DEMO / node / f"{kind}s.ndjson").read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            found[f"{node}/{kind}/{record.pop('id')}"] = record
    return found


def groups(kind: str) -> set[str]:
    return {group for record in records(kind).values() for group in record["groups"]}


@pytest.mark.parametrize("kind", FORMS)
def test_every_line_is_taken_as_an_editor_would_write_it(kind: str) -> None:
    assert len(records(kind)) >= 10
    for record in records(kind).values():
        FORMS[kind].parse(record, kind)


@pytest.mark.parametrize("kind", FORMS)
def test_every_text_says_that_it_is_an_illustration(kind: str) -> None:
    words = ("illustration", "Illustration", "Ilustración", "Иллюстрация", "مثال توضيحي", "示例")
    for key, record in records(kind).items():
        assert any(word in record["description"] for word in words), key


def test_every_group_is_held_back_by_something_and_something_was_done() -> None:
    named = set(Group.__args__)  # type: ignore[attr-defined]  # the terms of a Literal
    assert groups("barrier") == named
    assert groups("measure") == named


def test_documents_and_barriers_that_are_referred_to_are_there() -> None:
    lines = {node: (DEMO / node / "documents.ndjson").read_text(encoding="utf-8").splitlines() for node in NODES}
    documents = {f"{node}/document/{json.loads(line)['id']}" for node in NODES for line in lines[node]}
    for kind in FORMS:
        for record in records(kind).values():
            cited = {said["source"] for said in record["evidence"]}
            assert {*record["documents"], *cited} <= documents
            assert set(record.get("barriers", [])) <= records("barrier").keys()


def test_some_barriers_have_no_measure_yet_so_that_a_policy_gap_is_seen() -> None:
    against = {barrier for record in records("measure").values() for barrier in record["barriers"]}
    assert 1 <= len(records("barrier").keys() - against) < len(records("barrier")) / 2

"""Each benchmark runs, small, and says what it measured, beside what, and under which conditions."""

import json
from pathlib import Path

import pytest

from benchmarks import chain, latency, records, replicate
from benchmarks.conditions import conditions, cpu_seconds


def silent(_: str) -> None:
    """Progress that nobody reads."""


def test_records_are_of_the_stated_size_and_the_same_in_every_run() -> None:
    lines = list(records.lines(50))
    assert lines == list(records.lines(50))
    assert all(abs(len(line) - records.BYTES) < 20 for line in lines)
    assert len({json.loads(line)["id"] for line in lines}) == 50


def test_percentiles_are_of_the_ordered_times() -> None:
    assert latency.percentiles([0.003, 0.001, 0.002]) == {"p50": 2.0, "p99": 3.0}


def test_conditions_say_how_busy_the_machine_was() -> None:
    told = conditions()
    assert told["cores"] >= 1
    assert len(told["load_average"]) == 3
    assert told["versions"]["weft"]


def test_processor_time_rises_with_work() -> None:
    before = cpu_seconds("self")
    while cpu_seconds("self") == before:
        sum(range(100_000))


def test_the_bare_chain_carries_each_change(tmp_path: Path) -> None:
    took = chain.run(tmp_path / "chain", 3)
    assert len(took) == 3
    assert all(0 < seconds < 30 for seconds in took)


@pytest.mark.network
@pytest.mark.parametrize("by", ["commits", "snapshot"])
def test_a_few_records_are_replicated_and_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    monkeypatch.setattr("benchmarks.pouch.shutil.which", lambda _: None)
    told = replicate.run(tmp_path, 30, by, peers=tmp_path / "peers", spy=None, say=silent)
    seconds = told["weft"]["seconds"]
    assert 0 < seconds["readable"] <= seconds["equal"] <= seconds["searchable"]
    assert "missing" in told["peer"]
    assert told["ratio"] is None

"""What is written stays, in the newest version only; the index is made anew without a moment without answers."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.search.engine.interface import Busy, Remove, Visibility
from services.search.engine.tantivy import TantivyEngine


def test_an_older_version_never_overwrites_a_newer_one(engine, document, ask, ids):
    engine.write([document("second", id="it", version=2)])
    engine.write([document("first", id="it", version=1)])
    assert ids(ask(engine, "second")) == ["it"]
    assert ids(ask(engine, "first")) == []
    engine.write([document("third", id="it", version=3)])
    assert ids(ask(engine, "second")) == []
    assert ask(engine, "third").hits[0].document.version == 3


def test_a_removed_document_is_gone_and_comes_back_only_newer(engine, document, ask, ids):
    first = document("health", id="it", version=4)
    engine.write([first])
    engine.write([Remove(key=first.key, version=5)])
    engine.write([first])
    assert ids(ask(engine, visibility=Visibility.STAFF)) == []
    assert (engine.count(), list(engine.held())) == (0, [])
    engine.write([document("health", id="it", version=6)])
    assert ids(ask(engine, "health")) == ["it"]


_CHANGES = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 6), st.booleans(), st.booleans()),
    min_size=1,
    max_size=12,
    unique_by=lambda c: c[:2],
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=_CHANGES, cut=st.integers(0, 12))
def test_in_any_order_and_batches_the_newest_version_of_each_key_holds(place, document, changes, cut):
    made = [
        document("x", id=name, version=version, public=public)
        if put
        else Remove(key=f"eclac/document/{name}", version=version)
        for name, version, put, public in changes
    ]
    there = place.another()
    engine = there.begin()
    for batch in (made[:cut], made[cut:], made[:cut]):
        engine.write(batch)
    newest = {change.key: change for change in sorted(made, key=lambda change: change.version)}
    expected = {key: change.version for key, change in newest.items() if not isinstance(change, Remove)}
    assert {held.key: held.version for held in engine.held()} == expected
    assert engine.count() == len(expected)
    assert engine.latest() == max(change.version for change in made)
    engine.close()
    there.clear()


def test_reopening_keeps_everything(place, document, ask, ids):
    engine = place.begin()
    generation = engine.generation()
    engine.write(
        [document("La pobreza de los niños", "es", id="it", version=3), document("draft", id="d", public=False)]
    )
    engine.close()
    engine = place.open()
    assert engine.generation() == generation != ""
    assert {held.key: held.version for held in engine.held()} == {"eclac/document/it": 3, "eclac/document/d": 1}
    assert ids(ask(engine, "niño")) == ["it"]
    engine.write([document("older", id="it", version=2)])
    assert ids(ask(engine, "older")) == []
    engine.close()


def test_a_document_that_differs_in_one_letter_has_another_fingerprint(engine, document):
    held = set()
    for title, text in (("health", "x"), ("healthy", "x"), ("health", "x" * 40_000), ("health", "x" * 40_001)):
        engine.write([document(title, id="it", text=text)])
        held |= {holding.fingerprint for holding in engine.held()}
    assert len(held) == 4


def test_one_process_owns_a_directory(tmp_path):
    engine = TantivyEngine(tmp_path)
    with pytest.raises(Busy):
        TantivyEngine(tmp_path)
    engine.close()
    TantivyEngine(tmp_path).close()


def _index(root: Path) -> Path:
    return root / (root / "current").read_text()


@pytest.mark.parametrize(
    "harm",
    [
        lambda root: (root / "current").unlink(),
        lambda root: (root / "current").write_bytes(b"\xff../../etc"),
        lambda root: (_index(root) / "meta.json").write_text("{"),
        lambda root: (_index(root) / "meta.json").unlink(),
        lambda root: (_index(root) / "format").write_text("0"),
        lambda root: [path.unlink() for path in _index(root).glob("*.idx")],
        lambda root: [os.truncate(path, 3) for path in _index(root).glob("*.store")],
        lambda root: [os.truncate(path, 0) for path in _index(root).glob("*.term")],
    ],
)
def test_a_folder_that_is_missing_damaged_or_of_another_format_begins_anew_under_another_name(
    tmp_path, document, ask, harm
):
    engine = TantivyEngine(tmp_path)
    engine.write([document("health")])
    names = [engine.generation()]
    engine.close()
    harm(tmp_path)
    engine = TantivyEngine(tmp_path)
    names.append(engine.generation())
    assert engine.count() == 0
    engine.replace([document("health")])
    names.append(engine.generation())
    assert len(set(names)) == 3
    assert ask(engine, "health").total == 1
    engine.close()
    assert len(list(tmp_path.glob("index-*"))) == 1


def test_while_the_index_is_made_anew_every_query_is_answered_whole(engine, document, ask):
    engine.write([document("health", id=f"n{n}") for n in range(40)])
    seen, done = [], threading.Event()

    def look() -> None:
        while not done.is_set():
            page = ask(engine, "health", limit=50)
            seen.append((page.total, len(page.hits), {hit.document.version for hit in page.hits}.pop()))

    reader = threading.Thread(target=look)
    reader.start()
    try:
        for version in range(2, 8):
            engine.replace([document("health", id=f"n{n}", version=version) for n in range(40)])
    finally:
        done.set()
        reader.join(30)
    versions = [version for _, _, version in seen]
    assert {(total, shown) for total, shown, _ in seen} == {(40, 40)}
    assert versions == sorted(versions)


def test_a_rebuild_that_fails_leaves_the_index_as_it_was(place, engine, document, ask, ids):
    engine.write([document("health", id="it")])

    def broken():
        yield document("other")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        engine.replace(broken())
    assert ids(ask(engine, "health")) == ["it"]
    engine.write([document("health again", id="too")])
    assert engine.count() == 2
    assert place.indexes() == 1


_CRASH = """
import os, sys
from services.search.engine.interface import Upsert
from tests.unit.search.engines import at

def made(number):
    return Upsert(key=f"x/document/{number}", version=number, origin="x", id=str(number), type="brief", language="en",
                  title="health", public=True, updated_at="2024-01-01T00:00:00Z")

def dying():
    yield made(2)
    os._exit(9)

engine = at(sys.argv[1]).begin()
engine.write([made(1)])
engine.replace(dying())
"""


def test_a_process_killed_while_rebuilding_leaves_the_old_index_and_what_is_left_over_is_swept(place, ask, ids):
    died = subprocess.run(
        [sys.executable, "-c", _CRASH, place.spec], timeout=60, check=False, cwd=Path(__file__).parents[3]
    )
    assert died.returncode == 9
    engine = place.open()
    assert ids(ask(engine, "health")) == ["1"]
    assert place.indexes() == 2
    engine.sweep()
    assert place.indexes() == 1
    assert ids(ask(engine, "health")) == ["1"]
    engine.close()

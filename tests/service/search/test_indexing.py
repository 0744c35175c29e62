"""What is shown is found, what is hidden is not, whoever may see it, and whatever fails between."""

import asyncio
import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.search import store
from services.search.engine.interface import Visibility
from services.search.indexer import LEASE_SECONDS, Indexer
from tests.service.search.desk import EPOCH, body, until
from weft.inbox.effects import Show
from weft.protocol.names import Key, Version
from weft.web.metrics import REGISTRY


async def test_what_is_shown_is_found_and_what_is_hidden_is_not(desk):
    desk.show("a", "Maternal health")
    desk.show("b", "Pensions", text="Older persons and their health")
    assert await desk.found("health") == {"a", "b"}
    desk.hide("a")
    assert await desk.found("health") == {"b"}
    desk.show("a", "Maternal health", number=3)
    assert await desk.found("health") == {"a", "b"}


async def test_a_revision_is_found_by_its_new_words_and_not_by_its_old_ones(desk):
    desk.show("a", "Tobacco")
    assert await desk.found("tobacco") == {"a"}
    desk.show("a", "Sugar", number=2)
    assert (await desk.found("tobacco"), await desk.found("sugar")) == (set(), {"a"})
    assert (await desk.ask("sugar")).hits[0].document.revision == str(Version(EPOCH, 2))


async def test_changes_that_come_faster_than_the_index_end_in_the_last_one(desk):
    for number in range(1, 5):
        desk.show("a", f"Word{number}", number=number)
    desk.show("b", "Word1")
    desk.hide("b")
    assert await desk.found() == {"a"}
    assert await desk.found("word4") == {"a"}


async def test_a_restricted_record_is_not_for_the_public_and_a_draft_only_for_editors(desk):
    desk.show("public", "Health")
    desk.show("restricted", "Health", public=False)
    desk.show("draft", "Health", public=False, status="draft")
    desk.show("strange", "Health", public=True, status="draft")
    assert await desk.found("health", Visibility.PUBLIC) == {"public"}
    assert await desk.found("health", Visibility.STAFF) == {"public", "restricted"}
    assert await desk.found("health", Visibility.EDITORS) == {"public", "restricted", "draft", "strange"}


async def test_a_record_that_becomes_restricted_and_public_again_at_one_version_is_followed(desk):
    for public in (True, False, True, False):
        desk.show("a", number=1, public=public)
        assert await desk.found("health", Visibility.PUBLIC) == ({"a"} if public else set())
        assert await desk.found("health", Visibility.STAFF) == {"a"}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b'{"title": "\\ud800"}',
        body("", text="no title"),
        body(language="no language"),
        body(countries=["XX"]),
        body(themes=[{}]),
        body(text="x" * 400_001),
        b'{"title":"deep","more":' + b"[" * 100_000,
        body()[:-1] + b',"title":"said twice"}',
        body()[:-1] + b',"unknown":NaN}',
        body("a\u202eb"),
        body("two\nlines"),
        body(unknown="\x07"),
        body(source="javascript:alert(1)"),
        body(relation=["no key"]),
        body(issued="2021-02-29"),
        body(created_at="yesterday"),
    ],
)
async def test_a_body_that_is_no_document_is_rejected_with_its_reason_and_the_others_are_shown(desk, data):
    version = Version(EPOCH, 1)
    bad, good = Key("eca", "document", "bad"), Key("eca", "document", "good")
    rejected = desk.apply(Show(bad, version, data, public=True), Show(good, version, body(), public=True))
    assert [(item.key, item.version) for item in rejected] == [(bad, version)]
    assert rejected[0].reason.startswith("invalid: ")
    assert await desk.found() == {"good"}


async def test_a_kind_that_is_not_known_is_rejected_and_fields_that_are_not_known_pass(desk):
    shown = Show(Key("eca", "measure", "m"), Version(EPOCH, 1), body(), public=True)
    assert [item.reason for item in desk.apply(shown)] == ["unknown-kind"]
    assert desk.show("a", type="podcast", themes=["oceans"], colour={"of": "the cover"}) == []
    assert await desk.found() == {"a"}


async def test_the_indexer_is_woken_after_the_commit_and_not_by_a_rollback(desk):
    desk.show("a")
    assert desk.changed
    desk.changed.clear()
    with contextlib.suppress(ConnectionError), desk.database.writing() as session:
        desk.projection().hide(session, [Key("eca", "document", "a")])
        raise ConnectionError
    assert desk.changed == []
    assert await desk.found() == {"a"}


async def test_a_crash_between_the_index_and_the_rows_only_repeats_work(desk, engine):
    desk.show("a", "Health")
    desk.show("b", "Health")
    desk.hide("b")
    with desk.database.reading() as session:
        batch = store.due(session, 100)
    await desk.index.tell(batch)  # and here the process dies
    assert len(batch) == 2
    assert await desk.found("health") == {"a"}
    assert (engine.count(), await desk.database.read(store.waiting)) == (1, 0)


async def test_a_batch_that_is_late_brings_nothing_old_back(desk):
    desk.show("a", "Old")
    desk.show("b", "Old")
    with desk.database.reading() as session:
        late = store.due(session, 100)
    desk.show("a", "New", number=2)
    desk.hide("b")
    assert await desk.found() == {"a"}
    await desk.index.tell(late)
    await desk.database.write(store.done, late)
    assert (await desk.found("old"), await desk.found("new")) == (set(), {"a"})


async def test_what_changes_while_a_batch_is_told_stays_to_be_told(desk):
    desk.show("a", "Old")
    with desk.database.reading() as session:
        batch = store.due(session, 100)
    desk.show("a", "New", number=2)
    await desk.index.tell(batch)
    assert await desk.database.write(store.done, batch) == 1
    assert await desk.found("new") == {"a"}


async def test_large_bodies_come_in_small_batches(desk):
    for at in range(20):
        desk.show(f"n{at}", unknown="x" * 500_000)
    with desk.database.reading() as session:
        batch = store.due(session, 500)
    assert sum(len(item.data) for item in batch) < store.BATCH_BYTES + 512 * 1024
    assert 1 < len(batch) < 20
    assert len(await desk.found()) == 20


async def test_only_the_holder_of_the_lease_drains_and_another_takes_over_when_it_runs_out(desk):
    now = [1_000.0]
    first = Indexer(desk.database, desk.index, holder="first", clock=lambda: now[0])
    second = Indexer(desk.database, desk.index, holder="second", clock=lambda: now[0])
    await first.drain()
    desk.show("a")
    now[0] += LEASE_SECONDS - 1
    await second.drain()
    assert await desk.database.read(store.waiting) == 1
    now[0] += 2
    await second.drain()
    assert await desk.database.read(store.waiting) == 0
    desk.show("b")
    await first.drain()
    assert await desk.database.read(store.waiting) == 1


async def test_an_indexer_that_stops_gives_the_lease_back_at_once(desk):
    desk.show("a")
    task = asyncio.create_task(desk.indexer.run())
    await until(lambda: desk.none_wait())
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    desk.show("b")
    await Indexer(desk.database, desk.index, holder="next").drain()
    assert await desk.database.read(store.waiting) == 0


async def test_the_metric_says_how_many_records_wait(desk):
    await desk.indexer.drain()
    for at in range(3):
        desk.show(f"n{at}")
    await desk.indexer.drain_once()
    assert REGISTRY.get_sample_value("weft_index_todo") == 0


_STEPS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["show", "restrict", "draft", "hide", "drain", "crash"])),
    max_size=14,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
async def test_whatever_happens_in_whatever_order_the_index_ends_equal_to_the_database(desk, steps):
    for id_ in "abc":
        desk.hide(id_)
    truth: dict[str, str] = {}
    for number, (id_, step) in enumerate(steps, 1):
        if step == "hide":
            desk.hide(id_)
            truth.pop(id_, None)
        elif step == "drain":
            await desk.indexer.drain()
        elif step == "crash":
            with desk.database.reading() as session:
                batch = store.due(session, 2)
            await desk.index.tell(batch)
        else:
            status = "draft" if step == "draft" else "published"
            desk.show(id_, f"n{number}", number=number, public=step == "show", status=status)
            truth[id_] = step
    assert await desk.found() == set(truth)
    assert await desk.found("", Visibility.STAFF) == {id_ for id_, step in truth.items() if step != "draft"}
    assert await desk.found("", Visibility.PUBLIC) == {id_ for id_, step in truth.items() if step == "show"}
    assert (await desk.index.verify()).equal

"""The index is compared with the database to the letter, made anew without a moment without answers, and by itself when lost."""

import asyncio
import shutil

import pytest
from sqlalchemy import update

from services.search import documents, store
from services.search.engine.interface import Remove
from services.search.engine.tantivy import TantivyEngine
from services.search.index import Index, Stopping, Underway
from services.search.indexer import Indexer
from services.search.models import GateRow, IndexedRow
from tests.service.search.desk import EPOCH, body, until
from weft.database.statements import table
from weft.protocol.names import Key, Version

_indexed = table(IndexedRow)


async def test_an_index_that_is_as_it_should_be_verifies(desk):
    for at in range(5):
        desk.show(f"n{at}")
    desk.hide("n0")
    await desk.indexer.drain()
    report = await desk.index.verify()
    assert (report.equal, report.documents, report.waiting, report.differing) == (True, 4, 0, 0)


async def test_verifying_names_exactly_what_was_altered_in_the_index(desk, engine):
    for id_ in ("lost", "altered", "older", "same"):
        desk.show(id_)
    await desk.indexer.drain()
    held = {hit.document.id: hit.document for hit in (await desk.ask("health")).hits}
    top = 10**9
    engine.write([Remove(key="eca/document/lost", version=top)])
    engine.write([_replaced(held["altered"], title="Healthy")])
    engine.write([_replaced(held["older"], version=top)])
    engine.write([_replaced(held["same"], key="eca/document/added", id="added")])
    report = await desk.index.verify()
    assert (report.missing, report.extra) == (["eca/document/lost"], ["eca/document/added"])
    assert set(report.stale) == {"eca/document/altered", "eca/document/older"}
    assert (report.equal, report.differing) == (False, 4)
    await desk.index.rebuild()
    assert (await desk.index.verify()).equal


async def test_verifying_names_exactly_what_was_altered_in_the_database(desk):
    for id_ in ("gone", "altered", "damaged", "restricted", "same"):
        desk.show(id_)
    await desk.indexer.drain()
    with desk.database.writing() as session:
        connection = session.connection()
        connection.execute(_indexed.delete().where(_indexed.c.id == "gone"))
        connection.execute(update(_indexed).where(_indexed.c.id == "altered").values(body=body("Healthy")))
        connection.execute(update(_indexed).where(_indexed.c.id == "damaged").values(body=b"{"))
        connection.execute(update(_indexed).where(_indexed.c.id == "restricted").values(public=False))
    report = await desk.index.verify()
    assert (report.missing, report.extra) == ([], ["eca/document/gone"])
    assert set(report.stale) == {f"eca/document/{id_}" for id_ in ("altered", "damaged", "restricted")}
    await desk.index.rebuild()
    assert (await desk.index.verify()).missing == ["eca/document/damaged"]


async def test_what_waits_to_be_indexed_is_counted_and_is_no_difference(desk):
    for id_ in ("told", "hidden", "revised"):
        desk.show(id_)
    await desk.indexer.drain()
    desk.hide("hidden")
    desk.show("revised", "Sugar", number=2)
    desk.show("new")
    report = await desk.index.verify()
    assert (report.equal, report.documents, report.waiting) == (True, 3, 3)


async def test_while_the_index_is_made_anew_every_question_is_answered_and_changes_come_in_after(desk):
    for at in range(60):
        desk.show(f"n{at}")
    await desk.indexer.drain()
    rebuilding = asyncio.create_task(desk.index.rebuild())
    desk.show("during")
    desk.hide("n0")
    totals = [(await desk.ask("health")).total]
    while not rebuilding.done():
        totals.append((await desk.ask("health")).total)
    assert set(totals) <= {60, 61, 59}
    assert len(await desk.found("health")) == 60
    assert (await desk.index.verify()).equal


async def test_a_second_rebuild_at_the_same_time_is_refused(desk):
    desk.show("a")
    first = asyncio.create_task(desk.index.rebuild())
    await asyncio.sleep(0)
    with pytest.raises(Underway):
        await desk.index.rebuild()
    assert (await first).documents == 1
    assert (await desk.index.rebuild()).documents == 1


async def _started_again(desk, engine) -> set[str]:
    """What is found after a restart of the service on that index."""
    index = Index(engine, desk.database)
    indexer = Indexer(desk.database, index, holder="here")
    await indexer.drain()
    again = type(desk)(desk.database, index, indexer, desk.client, desk.passports)
    found = await again.found("health")
    equal = (await index.verify()).equal
    index.close()
    assert equal
    return found


async def test_a_lost_index_is_made_anew_by_itself(desk, place):
    desk.show("a")
    desk.show("b")
    assert await desk.found() == {"a", "b"}
    await asyncio.to_thread(desk.index.close)
    place.lose()
    assert await _started_again(desk, place.open()) == {"a", "b"}


async def test_an_index_that_was_emptied_before_anything_was_shown_is_noticed_too(desk, place):
    desk.show("a")
    desk.hide("a")
    assert await desk.found() == set()
    await asyncio.to_thread(desk.index.close)
    place.lose()
    engine = place.open()
    assert await _started_again(desk, engine) == set()


async def test_an_index_of_another_engine_is_not_taken_for_the_truth(desk, place):
    """As when an operator changes the engine, and later changes back."""
    desk.show("a")
    desk.hide("a")
    desk.show("b")
    assert await desk.found() == {"b"}
    other = place.another()
    assert await _started_again(desk, other.open()) == {"b"}
    desk.hide("b")
    desk.show("c")
    assert await _started_again(desk, other.open()) == {"c"}
    await asyncio.to_thread(desk.index.close)
    assert await _started_again(desk, place.open()) == {"c"}
    other.clear()


async def test_a_folder_from_an_older_backup_is_made_anew(desk, tmp_path):
    first = Index(TantivyEngine(tmp_path / "older"), desk.database)
    desk.show("a")
    await Indexer(desk.database, first, holder="here").drain()
    shutil.copytree(tmp_path / "older", tmp_path / "backup")
    desk.show("b")
    desk.show("a", "Sugar", number=2)
    await Indexer(desk.database, first, holder="here").drain()
    first.close()
    assert await _started_again(desk, TantivyEngine(tmp_path / "backup")) == {"b"}


async def test_an_index_that_is_ahead_of_a_restored_database_is_made_anew(desk, place):
    desk.show("a", "Health")
    await desk.indexer.drain()
    with desk.database.reading() as session:
        backup = session.connection().execute(table(GateRow).select()).one().last
    desk.show("a", "Sugar", number=2)
    await desk.indexer.drain()
    with desk.database.writing() as session:  # the database as it was before the second version
        session.connection().execute(update(_indexed).values(gate=backup, number=1, body=body("Health")))
        session.connection().execute(update(table(GateRow)).values(last=backup))
    await asyncio.to_thread(desk.index.close)
    assert await _started_again(desk, place.open()) == {"a"}


async def test_a_rebuild_is_given_up_when_the_service_stops_and_the_old_index_stays(desk, engine, place):
    for at in range(20):
        desk.show(f"n{at}", text=f"word{at} " * 30_000)
    await desk.indexer.drain()
    before = engine.generation()
    rebuilding = asyncio.create_task(desk.index.rebuild())
    await until(lambda: _begun(place))
    await asyncio.to_thread(desk.index.close)
    with pytest.raises(Stopping):
        await rebuilding
    assert place.indexes() == 1
    again = place.open()
    assert (again.generation(), again.count()) == (before, 20)
    again.close()


async def test_a_record_that_was_damaged_is_taken_out_and_holds_nothing_up(desk):
    desk.show("a")
    desk.show("b")
    with desk.database.writing() as session:
        session.connection().execute(update(_indexed).where(_indexed.c.id == "a").values(body=b"{"))
    assert await desk.found() == {"b"}
    assert await desk.database.read(store.waiting) == 0


async def _begun(place) -> bool:
    return place.indexes() == 2


def _replaced(document, **fields):
    given = {name: getattr(document, name) for name in document.__struct_fields__}
    return type(document)(**(given | fields))


def test_a_body_becomes_the_document_that_is_searched():
    data = body("Title", subject=["s"], themes=["t"], groups=["g"], countries=["8"], issued="2020", text="x")
    document = documents.searched(Key("eca", "document", "a"), Version(EPOCH, 3), data, public=False, gate=9)
    assert (document.version, document.revision, document.public) == (9, "1.00000007.3", False)
    assert (document.subject, document.themes, document.groups) == (("s",), ("t",), ("g",))
    assert (document.countries, document.issued, document.text, document.description) == (("8",), "2020", "x", "")

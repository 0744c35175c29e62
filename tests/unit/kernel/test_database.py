"""Databases: transactions that are whole or nothing, and what a caller hears when one cannot be done."""

import asyncio
import sqlite3

import pytest
from sqlmodel import select

from weft.database import Database, upsert
from weft.database.migrate import KERNEL, tables, upgrade
from weft.inbox.models import RefusalRow
from weft.problems import Unavailable


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path / 'a.db'}")
    upgrade(made, KERNEL["inbox"])
    yield made
    made.close()


def note(session, code="code"):
    session.add(RefusalRow(feed="eca/catalog/network", code=code, why="", at=""))


def codes(session):
    return [row.code for row in session.exec(select(RefusalRow))]


async def test_a_write_is_there_for_the_next_read(database):
    await database.write(note)
    assert await database.read(codes) == ["code"]


async def test_a_write_that_fails_leaves_nothing(database):
    def broken(session):
        note(session)
        session.flush()
        raise KeyError("half way")

    with pytest.raises(KeyError):
        await database.write(broken)
    assert await database.read(codes) == []


async def test_a_write_is_done_to_the_end_though_its_caller_goes_away(database):
    started = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def slow(session):
        loop.call_soon_threadsafe(started.set_result, None)
        note(session)

    caller = asyncio.create_task(database.write(slow))
    await started
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    await database.write(lambda session: None)
    assert await database.read(codes) == ["code"]


async def test_a_locked_database_is_unavailable_and_nothing_was_changed(database, tmp_path, monkeypatch):
    impatient = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with impatient.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        await impatient.write(note)
    other.execute("ROLLBACK")
    other.close()
    assert await impatient.read(codes) == []
    impatient.close()


async def test_a_full_database_is_unavailable_and_what_is_there_stays(database):
    await database.write(note, "before")

    def fill(session):
        session.connection().exec_driver_sql("PRAGMA max_page_count=1")
        for _ in range(5_000):
            note(session, "x" * 100)
        session.flush()

    with pytest.raises(Unavailable):
        await database.write(fill)
    assert await database.read(codes) == ["before"]


def test_an_upsert_inserts_what_is_new_and_replaces_what_is_there(database):
    lines = [{"number": 1, "feed": "a", "code": "old", "why": "", "at": ""}]
    with database.writing() as session:
        upsert(session, RefusalRow, lines)
        upsert(session, RefusalRow, [{**lines[0], "code": "new"}, {**lines[0], "number": 2}])
        upsert(session, RefusalRow, [])
    with database.reading() as session:
        assert codes(session) == ["new", "old"]


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(database):
    before = tables(database)
    upgrade(database, KERNEL["inbox"])
    assert tables(database) == before


def test_commits_are_synced_to_disk_and_readers_do_not_wait_for_the_writer(database):
    with database.writing() as session:
        pragmas = [
            session.connection().exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "journal_mode")
        ]
        note(session)
        session.flush()
        with database.reading() as reading:
            assert codes(reading) == []
    assert pragmas == [2, "wal"]

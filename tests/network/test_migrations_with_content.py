"""Migrations with something in the tables, on SQLite and on PostgreSQL: down step by step, up again, and the node goes on.

A step down that has to drop a table loses what was in it, and says so by dropping it: whatever stays is the same after it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, Table, select
from sqlmodel import Session

from tests import databases
from tests.architecture.test_migrations import PARTS, folders
from tests.promises.desk import Editor, begin, held
from weft.database import Database
from weft.database.migrate import configuration, tables, upgrade
from weft.demo.local import LocalNode

pytestmark = [pytest.mark.network, pytest.mark.timeout(180)]
VERSIONS = "alembic_version"
Content = dict[str, list[tuple[object, ...]]]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    """A node that was used, and is stopped."""
    folder = tmp_path_factory.mktemp("filled")
    if request.param == "sqlite":
        node = LocalNode("ece", folder / "ece", settings=())
        node.make()
    else:
        server = request.getfixturevalue("server")
        node = LocalNode("ece", folder / "ece", settings=databases.of_node(server))
        node.make()
    try:
        begin(node)
        editor = Editor(node)
        for at in range(20):
            editor.put(f"kept-{at}", f"Kept {at}")
        editor.put("kept-0", "Kept, revised")
        editor.delete("kept-1")
        node.stop()
        yield node
    finally:
        node.kill()


def content(database: Database) -> Content:
    held_ = MetaData()
    held_.reflect(database.engine)
    with database.reading() as session:
        return {table.name: rows(session, table) for table in held_.sorted_tables if table.name != VERSIONS}


def rows(session: Session, table: Table) -> list[tuple[object, ...]]:
    return sorted((tuple(row) for row in session.connection().execute(select(table))), key=repr)


@pytest.mark.parametrize("service", PARTS)
def test_each_step_down_and_up_again_keeps_what_it_does_not_drop(filled: LocalNode, service: str) -> None:
    with databases.opened(filled, service) as database:
        before = content(database)
        config = configuration(database, *folders(service))
        revisions = list(ScriptDirectory.from_config(config).walk_revisions())
        for revision in revisions:
            (branch,) = revision.branch_labels
            command.downgrade(config, f"{branch}@-1")
            below = content(database)
            assert all(below[name] == before[name] for name in below if name in before)
            upgrade(database, *folders(service))
            assert set(content(database)) == set(before)
            fill(database, before)
            assert content(database) == before


def fill(database: Database, wanted: Content) -> None:
    """Put back what a step dropped, in place of what its way up put there."""
    held_ = MetaData()
    held_.reflect(database.engine)
    with database.writing() as session:
        kept = [table for table in held_.sorted_tables if table.name != VERSIONS]
        changed = [table for table in kept if wanted[table.name] != rows(session, table)]
        for table in reversed(changed):
            session.connection().execute(table.delete())
        for table in changed:
            names = [column.name for column in table.columns]
            lines = [dict(zip(names, row, strict=True)) for row in wanted[table.name]]
            if lines:
                session.connection().execute(table.insert(), lines)


def test_brought_up_to_date_once_more_it_goes_on_where_it_was(filled: LocalNode) -> None:
    for service in PARTS:
        with databases.opened(filled, service) as database:
            before = content(database)
            upgrade(database, *folders(service))
            assert content(database) == before
    begin(filled)
    shown = held(filled, "ece")
    assert len(shown) == 19
    editor = Editor(filled, dict(shown))
    editor.put("kept-2", "After the migrations")
    assert held(filled, "ece") == editor.shown
    filled.stop()


@pytest.mark.parametrize("service", PARTS)
def test_down_to_nothing_leaves_nothing(service: str, server: str, tmp_path: Path) -> None:
    line = databases.of_node(server)[0]
    url = line.partition('"')[2].rstrip('"').format(service=service)
    database = Database(url)
    upgrade(database, *folders(service))
    command.downgrade(configuration(database, *folders(service)), "base")
    assert tables(database) <= {VERSIONS}
    database.close()

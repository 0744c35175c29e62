"""A service that shows notes, on a database that Alembic made; only the notes' own table is made here."""

from collections.abc import Iterator

import pytest

from tests.service.records.notes import TABLES, Desk
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    made = Database(address)
    upgrade(made, *KERNEL.values())
    TABLES.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)

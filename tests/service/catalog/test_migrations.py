"""The catalog's migrations: they make what the models say, and can be taken back."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

from services.catalog.app import MIGRATIONS
from services.catalog.models import BlobRow, FileRow, LooseRow
from weft.database import Database
from weft.database.migrate import KERNEL, configuration, tables
from weft.database.statements import table

OURS = {"document_file", "blob", "blob_loose"}


def test_the_tables_are_what_the_models_say(database: Database) -> None:
    metadata = MetaData()
    for model in (BlobRow, FileRow, LooseRow):
        table(model).to_metadata(metadata)
    assert set(metadata.tables) == OURS
    with database.engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: kind != "table" or name in OURS}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_going_back_takes_the_catalogs_tables_alone(database: Database) -> None:
    before = tables(database)
    folders: list[str | Path] = [*KERNEL.values(), MIGRATIONS]
    command.downgrade(configuration(database, *folders), "catalog@base")
    assert tables(database) == before - OURS
    command.upgrade(configuration(database, *folders), "heads")
    assert tables(database) == before

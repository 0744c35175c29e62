"""The migrations make what the models say, and can be taken back: each service on SQLite, all its parts together."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData
from sqlmodel import SQLModel

import gateway.models
import services.catalog.models
import services.indicators.models
import services.search.models
import services.sync.models
import weft.inbox.models
import weft.journal.models
import weft.log.models
import weft.records.models
from tests.architecture.sources import ROOT
from weft.database import Database
from weft.database.migrate import KERNEL, configuration, tables, upgrade

OWNING = ("log", "journal", "inbox", "records")
PARTS = {
    "catalog": OWNING,
    "indicators": OWNING,
    "search": ("log", "inbox"),
    "sync": ("log", "inbox"),
    "gateway": (),
}
"""The parts of the kernel whose tables each database has."""
MODELS = {
    "log": weft.log.models,
    "journal": weft.journal.models,
    "inbox": weft.inbox.models,
    "records": weft.records.models,
    "catalog": services.catalog.models,
    "indicators": services.indicators.models,
    "search": services.search.models,
    "sync": services.sync.models,
    "gateway": gateway.models,
}


def folders(service: str) -> list[str | Path]:
    own = ROOT / "gateway" if service == "gateway" else ROOT / "services" / service
    return [*(KERNEL[part] for part in PARTS[service]), own / "migrations"]


def modelled(service: str) -> MetaData:
    """What the models of a service's database say."""
    metadata = MetaData()
    for part in (*PARTS[service], service):
        for model in vars(MODELS[part]).values():
            if isinstance(model, type) and issubclass(model, SQLModel) and hasattr(model, "__table__"):
                model.__table__.to_metadata(metadata)
    return metadata


@pytest.fixture(params=PARTS)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(tmp_path: Path, service: str) -> Database:
    made = Database(f"sqlite:///{tmp_path / service}.db")
    upgrade(made, *folders(service))
    return made


def test_the_tables_are_what_the_models_say(service: str, database: Database) -> None:
    with database.engine.connect() as connection:
        options = {"include_name": lambda name, kind, _: not (kind == "table" and name == "alembic_version")}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), modelled(service))
    database.close()
    assert found == []


def test_going_back_to_nothing_and_forward_again_makes_the_same_tables(service: str, database: Database) -> None:
    before = tables(database)
    config = configuration(database, *folders(service))
    command.downgrade(config, "base")
    emptied = tables(database)
    command.upgrade(config, "heads")
    after = tables(database)
    database.close()
    assert emptied <= {"alembic_version"}
    assert after == before

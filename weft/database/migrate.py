"""Bringing a database to the present schema: every table since the first one comes from Alembic."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect

from weft.database.engine import Database

KERNEL = {part: str(files("weft").joinpath(part, "migrations")) for part in ("log", "journal", "inbox", "records")}


def configuration(database: Database, *folders: str | Path) -> Config:
    """Alembic for one database; each folder of revisions is a branch of its own, so parts are composed freely."""
    config = Config()
    config.set_main_option("script_location", str(files("weft").joinpath("database", "migrations")))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", ":".join(str(folder) for folder in folders))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database, *folders: str | Path) -> None:
    """Apply what is missing; a database that is up to date is left alone."""
    command.upgrade(configuration(database, *folders), "heads")


def tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())

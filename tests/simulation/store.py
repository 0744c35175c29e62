"""Databases in memory, made once and emptied between schedules; and old copies of them, as a backup holds one."""

import sqlite3
from typing import cast

from sqlmodel import SQLModel

from tests.simulation import projection, recovery
from weft.database import Database
from weft.database.statements import table
from weft.inbox import models as inbox
from weft.journal import models as journal
from weft.log import models as log

TABLES = [
    table(model)
    for module in (log, journal, inbox)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, SQLModel) and model.__module__ == module.__name__
]

_free: list[Database] = []
_empty: list[sqlite3.Connection] = []


def connection(database: Database) -> sqlite3.Connection:
    """The one connection under a database in memory: the oracle reads by it, past the product's code."""
    return cast(sqlite3.Connection, database.engine.raw_connection().driver_connection)


def empty() -> Database:
    """A database with every table and no row."""
    database = _free.pop() if _free else Database("sqlite://")
    if not _empty:
        SQLModel.metadata.create_all(database.engine, tables=TABLES)
        projection.METADATA.create_all(database.engine)
        recovery.METADATA.create_all(database.engine)
        _empty.append(copy(database))
    load(database, _empty[0])
    return database


def give_back(database: Database) -> None:
    _free.append(database)


def copy(database: Database) -> sqlite3.Connection:
    """What is committed now."""
    kept = sqlite3.connect(":memory:")
    connection(database).backup(kept)
    return kept


def load(database: Database, kept: sqlite3.Connection) -> None:
    kept.backup(connection(database))

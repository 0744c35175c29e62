"""Databases: one per service, SQLite or PostgreSQL through the same code. Transactions begin and end here alone."""

from weft.database.engine import Database
from weft.database.statements import upsert

__all__ = ["Database", "upsert"]

"""The few statements that SQLite and PostgreSQL spell differently, or that bulk work needs."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import Table, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

T = TypeVar("T")
CHUNK = 500
WRITER = 0x57656674


def table(model: type[SQLModel]) -> Table:
    """The Core table of a model: bulk work goes through it, never through ORM rows."""
    found: Table = model.__table__  # type: ignore[attr-defined]  # SQLModel adds it to every table model
    return found


def upsert(session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or update those whose primary key is there, in one round trip. All rows have the same columns."""
    if not rows:
        return
    target = table(model)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(target)
    keys = [column.name for column in target.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    statement = (
        statement.on_conflict_do_update(index_elements=keys, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=keys)
    )
    session.connection().execute(statement, list(rows))


def insert(session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that are new."""
    if rows:
        session.connection().execute(table(model).insert(), list(rows))


def one_writer(session: Session) -> None:
    """Let no other transaction that asks the same run beside this one. SQLite has one writer anyhow.

    A lock on rows would not do: those who create the same record at once find no row to lock.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(select(func.pg_advisory_xact_lock(WRITER)))


def chunks(items: Sequence[T], size: int = CHUNK) -> Iterator[Sequence[T]]:
    """Slices short enough for one statement's parameters."""
    for at in range(0, len(items), size):
        yield items[at : at + size]

"""The few statements that SQLite and PostgreSQL spell differently, or that bulk work needs."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Insert, Table, func, select
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
    _run(session, _upsert(table(model), session.get_bind().dialect.name, tuple(rows[0])), rows)


def insert(session: Session, model: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows that are new."""
    if rows:
        _run(session, _insert(table(model), session.get_bind().dialect.name, tuple(rows[0])), rows)


class _Prepared(NamedTuple):
    """A statement, and its text with the order of its parameters where the driver takes them by place."""

    statement: Insert
    text: str
    order: list[str] | None


@cache
def _upsert(target: Table, dialect: str, columns: tuple[str, ...]) -> _Prepared:
    statement = (sqlite.insert if dialect == "sqlite" else postgresql.insert)(target)
    keys = [column.name for column in target.primary_key]
    changed = {name: statement.excluded[name] for name in columns if name not in keys}
    return _prepared(
        statement.on_conflict_do_update(index_elements=keys, set_=changed)
        if changed
        else statement.on_conflict_do_nothing(index_elements=keys),
        dialect,
        columns,
    )


@cache
def _insert(target: Table, dialect: str, columns: tuple[str, ...]) -> _Prepared:
    return _prepared(target.insert(), dialect, columns)


def _prepared(statement: Insert, dialect: str, columns: tuple[str, ...]) -> _Prepared:
    compiled = statement.compile(
        dialect=(sqlite if dialect == "sqlite" else postgresql).dialect(), column_keys=list(columns)
    )
    order = compiled.positiontup if dialect == "sqlite" else None
    return _Prepared(statement, compiled.string, order if order and set(order) == set(columns) else None)


def _run(session: Session, prepared: _Prepared, rows: Sequence[dict[str, Any]]) -> None:
    """Run a statement once for each row.

    To SQLite rows go as plain tuples: having the compiler bind each took longer than inserting it. Where a column has a
    default to be filled in, SQLAlchemy does it.
    """
    connection = session.connection()
    if prepared.order is None:
        connection.execute(prepared.statement, list(rows))
        return
    order = prepared.order
    connection.exec_driver_sql(prepared.text, [tuple([row[name] for name in order]) for row in rows])


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

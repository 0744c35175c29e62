"""A service's database: short transactions, each a plain function of a session run off the event loop.

Queries are ordinary synchronous SQLAlchemy in one thread hop a transaction, which measured about twice as fast as an
asynchronous driver (a hop a statement) and lets the simulation run the same functions without threads.
"""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session

from weft.problems import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

READERS = 2
BUSY_SECONDS = 5


class Database:
    """`sqlite:///file`, `sqlite://` (in memory, for one thread) or a PostgreSQL URL (`postgresql+psycopg://…`)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        if self.sqlite:
            in_memory = url == "sqlite://"
            self._writer = _sqlite(url, "BEGIN IMMEDIATE", in_memory=in_memory)
            self._reader = self._writer if in_memory else _sqlite(url, "BEGIN", in_memory=False)
        else:
            self._writer = self._reader = _postgresql(url)
        self._writers = ThreadPoolExecutor(1 if self.sqlite else 4, "database-write")
        self._readers = ThreadPoolExecutor(READERS if self.sqlite else 4, "database-read")

    @property
    def engine(self) -> Engine:
        """The writing engine, for migrations."""
        return self._writer

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One write transaction: committed at the end, rolled back by an exception."""
        with _translated(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One read transaction: everything read in it is of one moment."""
        engine = self._reader if self.sqlite else self._reader.execution_options(isolation_level="REPEATABLE READ")
        with _translated(), Session(engine, expire_on_commit=False) as session, session.begin():
            yield session

    async def write(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(session, …)` as one write transaction. It is done to the end even when the caller goes away."""

        def transaction() -> T:
            with self.writing() as session:
                return work(session, *args, **kwargs)

        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._writers, transaction))

    async def read(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work(session, …)` as one read transaction."""

        def transaction() -> T:
            with self.reading() as session:
                return work(session, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, transaction)

    async def glance(self, work: Callable[Concatenate[Session, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Read a row or two by their keys. A file answers sooner than a thread can be asked, so it is asked at once."""
        if not self.sqlite:
            return await self.read(work, *args, **kwargs)
        with self.reading() as session:
            return work(session, *args, **kwargs)

    def close(self) -> None:
        """Wait for what is under way, then let go of every connection."""
        self._writers.shutdown()
        self._readers.shutdown()
        self._writer.dispose()
        self._reader.dispose()


def _postgresql(url: str) -> Engine:
    """Nothing is waited for without end: not the server, and not a lock that another process holds."""
    options = f"-c lock_timeout={BUSY_SECONDS}s -c idle_in_transaction_session_timeout=60s"
    waits = {"connect_timeout": BUSY_SECONDS, "options": options}
    return create_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True, connect_args=waits)


def _sqlite(url: str, begin: str, *, in_memory: bool) -> Engine:
    options: dict[str, Any] = {"connect_args": {"check_same_thread": False, "timeout": BUSY_SECONDS}}
    if in_memory:
        options["poolclass"] = StaticPool
    engine = create_engine(url, **options)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


@contextmanager
def _translated() -> Iterator[None]:
    """A full disk, a lock that is not let go, a server that is down: the caller hears that nothing was changed."""
    try:
        yield
    except DBAPIError as error:
        if type(error).__name__ in {"OperationalError", "InterfaceError"} or error.connection_invalidated:
            raise Unavailable(f"the database cannot do this now: {error.orig}") from error
        raise

"""Where tests keep databases: in SQLite files, or on the PostgreSQL server that `WEFT_TEST_POSTGRES` names.

`python -m tests.network.postgres COMMAND…` runs a command with a server of its own.
"""

import atexit
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from weft.database import Database
from weft.demo.local import LocalNode
from weft.settings import Settings

SERVER = os.environ.get("WEFT_TEST_POSTGRES", "")
SERVICES = ("catalog", "indicators", "search", "sync", "gateway")
NODES: list[str] = []


@contextmanager
def address(folder: Path) -> Iterator[str]:
    """A new database's address."""
    if not SERVER:
        yield f"sqlite:///{folder}/{secrets.token_hex(4)}.db"
        return
    name = f"test_{secrets.token_hex(8)}"
    _run(f"CREATE DATABASE {name}")
    try:
        yield url(name)
    finally:
        _run(f"DROP DATABASE {name} WITH (FORCE)")


def of_node(server: str = SERVER) -> tuple[str, ...]:
    """The lines of a new node's settings that give it databases; they last as long as the tests do."""
    if not server:
        return ()
    node = f"node_{secrets.token_hex(8)}"
    names = [f"{node}_{service}" for service in SERVICES]
    _run(*(f"CREATE DATABASE {name}" for name in names), server=server)
    if server == SERVER:
        NODES.extend(names)
    return (f'database_url = "{url(node, server)}_{{service}}"',)


@contextmanager
def opened(node: LocalNode, service: str) -> Iterator[Database]:
    """A service's database, beside the node that runs on it."""
    database = Database(Settings.read(node.folder).database(service))
    try:
        yield database
    finally:
        database.close()


def url(name: str, server: str = SERVER) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _run(*statements: str, server: str = SERVER) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


@atexit.register
def _drop() -> None:
    if NODES:
        _run(*(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in NODES))

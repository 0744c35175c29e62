"""What the tests of every service may ask for."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A new database's: a file, or one on the PostgreSQL server at `WEFT_TEST_POSTGRES`."""
    server = os.environ.get("WEFT_TEST_POSTGRES")
    if server is None:
        yield f"sqlite:///{tmp_path}/service.db"
        return
    name = f"test_{secrets.token_hex(8)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()

"""What the tests of every service may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A new database's."""
    with databases.address(tmp_path) as made:
        yield made

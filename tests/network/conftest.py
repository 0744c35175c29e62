"""What the tests of several processes may ask for."""

from collections.abc import Iterator

import pytest

from tests import databases
from tests.network.postgres import MISSING, Cluster, binaries


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL server of this module's own, which it may kill."""
    programs = binaries()
    if programs is None:
        pytest.skip(MISSING)
    made = Cluster(programs)
    try:
        made.start()
        yield made
    finally:
        made.remove()


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> str:
    """Where databases can be made: on the server that all tests are to use, if one is named, else on our own."""
    return databases.SERVER or cluster.url("postgres")

"""Houses for the tests: one whose services are in process, or both kinds where a test asks for `both`."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.service.gateway.house import House, house
from tests.service.gateway.receiver import Receiver, receiving
from weft.keys import NodeKeys, create
from weft.logs import configure


@pytest.fixture(scope="session", autouse=True)
def quiet() -> None:
    """Logs as in a node: the console's form, which draws each traceback, takes seconds where many are meant."""
    configure("error", "eclac")


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> NodeKeys:
    return create(tmp_path_factory.mktemp("node")).keys


@pytest.fixture
async def node(tmp_path: Path, keys: NodeKeys) -> AsyncIterator[House]:
    """A node whose services are in the gateway's process."""
    async with house(tmp_path, keys, "here") as made:
        yield made


@pytest.fixture(params=["here", "there"])
async def both(request: pytest.FixtureRequest, tmp_path: Path, keys: NodeKeys) -> AsyncIterator[House]:
    """A node whose services are in the gateway's process, and one whose services are behind servers of their own."""
    async with house(tmp_path, keys, request.param) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made

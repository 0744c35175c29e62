"""The product's own acceptance journey, a test for each step: five nodes on the input that ships."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from weft.cli.demo import PACKAGED
from weft.demo.five import Network
from weft.demo.journey import Journey

STEPS = [step.__name__ for step in Journey(Network(Path(), Path())).steps()]
pytestmark = [pytest.mark.network, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    network = Network(tmp_path_factory.mktemp("five"), PACKAGED)
    try:
        network.start(print)
        network.load(print)
        yield Journey(network)
    finally:
        network.stop()


@pytest.mark.parametrize("step", STEPS)
def test_it_holds_that(journey: Journey, step: str) -> None:
    getattr(journey, step)()

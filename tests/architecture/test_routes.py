"""Every public route is documented, and every documented one is there. The apps are assembled, none is started."""

import re
from pathlib import Path

import pytest

from gateway.app import _own
from gateway.gate import Gate
from gateway.merge import merged
from tests.architecture.sources import ROOT, page
from weft.assembly import load
from weft.keys import create
from weft.nats.bus import Bus
from weft.passport import Passports
from weft.settings import Settings
from weft.wiring import SERVICES, Wiring

PAGES = (*(f"use/{file.name}" for file in sorted((ROOT / "docs" / "use").glob("*.md"))), "operate/index.md")
ADDRESS = re.compile(r"`(?:(?:GET|POST|PUT|DELETE) )?(/(?:api|\.well-known)[^`\s]*)`")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The paths of the merged description, as a caller of the gateway sees them."""
    folder: Path = tmp_path_factory.mktemp("node")
    keys = create(folder).keys
    settings = Settings(node="eclac", data=folder)
    bus = Bus("nats://127.0.0.1:1", keys.trust.service_credentials(), name="test")
    wiring = Wiring(settings, keys, Passports(keys.internal), bus, "")
    documents = {name: load(name)(wiring).openapi() for name in SERVICES}
    gate = Gate(wiring)
    documents["gateway"] = _own(gate).openapi()
    gate.database.close()
    return set(merged(documents, title="", version="", url="", node="eclac")["paths"])


def test_every_public_route_is_documented(paths: set[str]) -> None:
    assert len(paths) > 15
    assert paths - documented() == set()


def test_every_documented_route_is_there(paths: set[str]) -> None:
    assert documented() - paths == set()


def documented() -> set[str]:
    """What stands in the tables of routes."""
    lines = [line for name in PAGES for line in page(name).splitlines() if line.startswith("| `")]
    return {address for line in lines for address in ADDRESS.findall(line)}

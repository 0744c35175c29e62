"""The service as a node assembles it: it migrates, seals what is written, and serves it to the node's other services."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from services.indicators.app import create
from tests.service.indicators.desk import US, id_of, series
from weft import keys
from weft.identity import Caller, Role
from weft.nats.bus import Bus
from weft.passport import HEADER, Passports
from weft.protocol import commits, frames
from weft.protocol.names import Feed
from weft.settings import Settings
from weft.wiring import Wiring

SERVICE = Caller("sync", Role.SERVICE)
EDITOR = Caller("someone", Role.EDITOR)
SECONDS = 20


@pytest.fixture
def wiring(tmp_path: Path) -> Wiring:
    """A node whose broker is away: everything goes on without it."""
    made = keys.create(tmp_path).keys
    url = "nats://127.0.0.1:1"
    bus = Bus(url, made.trust.service_credentials(), name=US)
    return Wiring(Settings(node=US, data=tmp_path), made, Passports(made.internal), bus, url)


@pytest.fixture
def client(wiring: Wiring) -> Iterator[TestClient]:
    with TestClient(create(wiring)) as client:
        yield client


def by(wiring: Wiring, caller: Caller) -> dict[str, str]:
    return {HEADER.decode(): wiring.passports.issue(caller)}


def sealed(client: TestClient, wiring: Wiring, audience: str, *, at_least: int) -> list[commits.Commit]:
    """The commits of a feed of ours once there are as many as are waited for."""
    feed = Feed(US, "indicators", audience)
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        answer = client.get(f"/feeds/{feed}/commits?after=0-0-0&wait=1", headers=by(wiring, SERVICE))
        _, *found = frames.split(answer.content)
        if len(found) >= at_least:
            return [commits.open_commit(raw, feed=feed, keys=wiring.keys.verifying) for raw in found]
    raise AssertionError(f"{feed} has too few commits")


def test_a_service_that_runs_seals_what_is_written_and_follows_the_removal_of_a_reader(
    client: TestClient, wiring: Wiring
) -> None:
    assert client.get("/readyz").status_code == 200
    admitted = client.put("/internal/readers/ece", json={"identity": "a" * 32}, headers=by(wiring, SERVICE))
    assert admitted.status_code == 204
    path = f"/api/v1/series/{US}/{id_of(series())}"
    written = client.put(path, json=series(audience=["ece"]), headers=by(wiring, EDITOR))
    assert written.status_code == 201
    [commit] = sealed(client, wiring, "ece", at_least=1)
    assert [str(change.version) for change in commit.header.changes] == [written.json()["version"]]
    assert client.delete("/internal/readers/ece", headers=by(wiring, SERVICE)).status_code == 204
    after = client.get(path, headers=by(wiring, EDITOR)).json()
    assert (after["audience"], after["version"] > written.json()["version"]) == ("local", True)


def test_an_import_may_be_larger_than_other_requests(client: TestClient, wiring: Wiring) -> None:
    headers = by(wiring, EDITOR) | {"Content-Type": "application/x-ndjson"}
    assert client.post("/api/v1/series/bulk", content=b"\n" * (2 * 1024 * 1024), headers=headers).status_code == 200
    assert client.post("/api/v1/series", content=b" " * (2 * 1024 * 1024), headers=headers).status_code == 413

"""Two nodes' sync services, each behind its real edge, on databases in files; the wire between them is in process."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from services.sync.app import create
from weft import descriptor
from weft.exchange.session import SESSION, statement
from weft.identity import ANONYMOUS, Caller, Role
from weft.keys import create as create_keys
from weft.nats.bus import Bus
from weft.passport import Passports
from weft.settings import Settings
from weft.wiring import Wiring

OPERATOR = Caller("Omar", Role.OPERATOR)


class Sync:
    """A node's sync service and who calls it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.keys = create_keys(folder).keys
        (folder / "node.toml").write_text(f'node = "{name}"\ntitle = "{name.upper()}"\nurl = "http://{name}.example"\n')
        settings = Settings.read(folder)
        self.passports = Passports(self.keys.internal)
        bus = Bus("nats://127.0.0.1:9", self.keys.trust.service_credentials(), name=name)
        self.wiring = Wiring(settings, self.keys, self.passports, bus, "nats://127.0.0.1:9")
        self.app = create(self.wiring)
        self.client: TestClient

    def ask(self, method: str, path: str, caller: Caller = ANONYMOUS, **options: object) -> httpx.Response:
        return self.client.request(method, path, headers={"Weft-Caller": self.passports.issue(caller)}, **options)

    def introduce(self, other: "Sync", **fields: object) -> httpx.Response:
        """The other node says that it exists."""
        signed = other.app.state.node.descriptor()
        body = {"statement": signed.statement, "signature": signed.signature, **fields}
        return self.ask("POST", "/feeds/introduction", json=body)

    def approve(self, other: "Sync") -> httpx.Response:
        path = f"/api/v1/sync/peers/{other.name}/approve"
        return self.ask("POST", path, OPERATOR, json={"fingerprint": other.keys.identity.public.fingerprint})

    def open_session(self, other: "Sync", **proof: object) -> httpx.Response:
        """The other node opens a session here."""
        nonce = self.ask("POST", "/feeds/challenge").json()["nonce"]
        signed = other.keys.identity.sign(SESSION, statement(nonce, self.keys.identity.public.fingerprint, other.name))
        body = {"node": other.name, "nonce": nonce, "signature": signed.hex(), **proof}
        return self.ask("POST", "/feeds/session", json=body)

    def peers(self) -> dict[str, str]:
        listed = self.ask("GET", "/api/v1/sync/peers", OPERATOR).json()["items"]
        return {peer["name"]: peer["state"] for peer in listed}


@pytest.fixture
def eca(tmp_path) -> Iterator[Sync]:
    made = Sync("eca", tmp_path / "eca")
    with TestClient(made.app) as made.client:
        yield made


@pytest.fixture
def ece(tmp_path) -> Sync:
    """A node that is not running: only its keys and what it says of itself are needed."""
    return Sync("ece", tmp_path / "ece")


@pytest.fixture
def read_descriptor():
    return descriptor.read

"""A catalog's desk where files are sent and read, over a store in a folder; other nodes are not to be reached."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRouter

from services.catalog import files_api
from services.catalog.kinds import KINDS
from services.catalog.owners import Owners
from services.catalog.vault import Vault
from tests.service.catalog.desk import US, Catalog, document
from weft.blobs.store import Blobs
from weft.database import Database
from weft.identity import Caller, Role
from weft.keys import create
from weft.nats.bus import Bus
from weft.passport import HEADER, Passports
from weft.settings import Settings
from weft.wiring import Wiring

TEXT = "text/plain"


class Files(Catalog):
    """What a person does with files; each document is made for the occasion."""

    vault: Vault

    def document(self, **fields: Any) -> tuple[str, str]:
        """A new document's id, and its version."""
        id_ = f"brief-{next(_numbers)}"
        return id_, version_of(self.put(id_, document(**fields)))

    def send_file(self, id_: str, version: str | None, name: str, data: Any, kind: str = TEXT, **given: Any) -> Any:
        headers = {"Content-Type": kind, **({"If-Match": f'"{version}"'} if version else {})}
        headers |= given.pop("headers", {})
        return self.request("PUT", f"/{US}/{id_}/files/{name}", content=data, headers=headers, **given)

    def with_file(self, data: bytes, name: str = "a.txt", **fields: Any) -> tuple[str, str]:
        """A new document that has a file: its id, and its version."""
        id_, version = self.document(**fields)
        return id_, version_of(self.send_file(id_, version, name, data))

    def read_file(self, id_: str, name: str = "a.txt", **given: Any) -> Any:
        return self.request(given.pop("method", "GET"), f"/{US}/{id_}/files/{name}", **given)

    def as_peer(self, path: str, name: str, identity: str) -> Any:
        passport = self.passports.issue(Caller(name, Role.PEER, identity))
        return self.client.get(f"{self.prefix}{path}", headers={HEADER.decode(): passport})

    def erase(self) -> None:
        """Let the eraser look."""
        assert self.client.portal is not None
        self.client.portal.call(self.vault.eraser.look)

    def kept(self) -> list[Path]:
        """The files in the store, and what waits to be put there."""
        return [path for path in self.vault.blobs.staging.folder.parent.rglob("*") if path.is_file()]


_numbers = itertools.count()


def version_of(answer: Any) -> str:
    assert answer.is_success, answer.text
    return str(answer.headers["ETag"].strip('"'))


@contextmanager
def opened(database: Database, folder: Path) -> Iterator[Files]:
    routes = APIRouter()
    for router in (*KINDS.routers, files_api.router):
        routes.include_router(router)
    keys = create(folder).keys
    bus = Bus("nats://127.0.0.1:1", keys.trust.service_credentials(), name="test")
    wiring = Wiring(Settings(node=US, data=folder), keys, Passports(keys.internal), bus, "", {"sync": FastAPI()})
    with Files.open(database, routes, service="catalog", us=US, large=KINDS.large | files_api.LARGE) as desk:
        blobs = Blobs.open(US, folder / "blobs")
        desk.vault = Vault(US, database, desk.node.bell, blobs, Owners(wiring, "catalog"), budget=1_000_000)
        desk.client.app.state.vault = desk.vault
        yield desk

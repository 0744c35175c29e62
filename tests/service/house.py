"""A service that owns records, as its tests meet it: its routes behind the real edge, a real database, and a person."""

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

from fastapi import APIRouter
from sqlmodel import Session
from starlette.testclient import TestClient

from weft.clock import stamp
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.exchange.bell import SHOWN, Bell
from weft.identity import Caller, Role
from weft.journal import readers
from weft.journal.incarnation import Incarnation, begin
from weft.passport import HEADER, Passports
from weft.protocol.names import Key, Version
from weft.protocol.signing import SigningKey
from weft.records import changes
from weft.records.sight import Sight
from weft.web.app import application


@dataclass
class Ring:
    """Counts how often the sequencer was woken, and tells who waits."""

    bell: Bell
    rung: int = 0

    def __call__(self) -> None:
        self.rung += 1
        self.bell.ring(SHOWN)


@dataclass(frozen=True)
class Node:
    database: Database
    incarnation: Incarnation
    bell: Bell
    ring: Ring
    knows: Callable[[Session, Key, Version, Sight], bool] = changes.knows


@dataclass
class Desk:
    """What a person does with a service, in the role that is named."""

    node: Node
    client: TestClient
    passports: Passports
    prefix: ClassVar[str] = "/api/v1"

    @classmethod
    @contextmanager
    def open(
        cls, database: Database, router: APIRouter, *, service: str, us: str, large: Mapping[str, int]
    ) -> Iterator[Self]:
        """A desk whose clock goes a second on whenever it is asked."""
        with database.writing() as session:
            epoch = begin(session, secrets.randbits(32), "2026-01-01T00:00:00.000Z")
        ticks = (stamp(datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=at)) for at in itertools.count())
        key = SigningKey(secrets.token_bytes(32))
        bell = Bell()
        node = Node(database, Incarnation(us, service, epoch, key, now=lambda: next(ticks)), bell, Ring(bell))
        passports = Passports(secrets.token_bytes(32))
        app = application(
            service=service,
            title=service.title(),
            node=node,
            routers=[router],
            passports=passports,
            running=nullcontext,
            ready=dict,
            large=large,
        )
        with TestClient(app, raise_server_exceptions=True) as client:
            yield cls(node, client, passports)

    def request(self, method: str, path: str, *, by: Role = Role.EDITOR, **given: Any) -> Any:
        headers = dict(given.pop("headers", {}))
        if by is not Role.ANONYMOUS:
            headers[HEADER.decode()] = self.passports.issue(Caller("someone", by))
        return self.client.request(method, f"{self.prefix}{path}", headers=headers, **given)

    def put_at(self, path: str, record: Any, *, version: str | None = None, **given: Any) -> Any:
        """Put a record; at the version that is named, if one is."""
        headers = given.pop("headers", {}) | ({"If-Match": f'"{version}"'} if version else {})
        return self.request("PUT", path, json=record, headers=headers, **given)

    def admit(self, *peers: str) -> None:
        with self.node.database.writing() as session:
            for peer in peers:
                readers.admit(session, self.node.incarnation, peer, "identity-of-" + peer)

    def journalled(self) -> int:
        """How many changes wait to be sealed."""
        with self.node.database.reading() as session:
            return int(session.connection().exec_driver_sql("select count(*) from pending").scalar_one())


@contextmanager
def migrated(address: str, migrations: Path) -> Iterator[Database]:
    """The database at this address, as Alembic makes it for a service that owns records."""
    made = Database(address)
    upgrade(made, *KERNEL.values(), migrations)
    yield made
    made.close()

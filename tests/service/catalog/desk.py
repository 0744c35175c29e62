"""What a person does at a catalog's desk, and a document to do it with."""

from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient

from services.catalog.api import PATH
from weft.database import Database
from weft.identity import Caller, Role
from weft.journal import readers
from weft.journal.incarnation import Incarnation
from weft.passport import HEADER, Passports

US = "eclac"


@dataclass
class Bell:
    """Counts how often the sequencer was woken."""

    rung: int = 0

    def __call__(self) -> None:
        self.rung += 1


@dataclass(frozen=True)
class CatalogNode:
    database: Database
    incarnation: Incarnation
    ring: Bell = field(default_factory=Bell)


@dataclass
class Catalog:
    """What a person does with a catalog, in the role that is named."""

    node: CatalogNode
    client: TestClient
    passports: Passports

    def request(self, method: str, path: str, *, by: Role = Role.EDITOR, **given: Any) -> Any:
        headers = dict(given.pop("headers", {}))
        if by is not Role.ANONYMOUS:
            headers[HEADER.decode()] = self.passports.issue(Caller("someone", by))
        return self.client.request(method, f"{PATH}{path}", headers=headers, **given)

    def get(self, path: str = "", **given: Any) -> Any:
        return self.request("GET", path, **given)

    def put(self, id_: str, document: Any, *, version: str | None = None, **given: Any) -> Any:
        headers = given.pop("headers", {}) | ({"If-Match": f'"{version}"'} if version else {})
        return self.request("PUT", f"/{US}/{id_}", json=document, headers=headers, **given)

    def send(self, data: bytes, id_: str = "hostile") -> Any:
        return self.request("PUT", f"/{US}/{id_}", content=data, headers={"Content-Type": "application/json"})

    def load(self, lines: bytes, query: str = "", **given: Any) -> Any:
        return self.request(
            "POST", f"/bulk{query}", content=lines, headers={"Content-Type": "application/x-ndjson"}, **given
        )

    def admit(self, *peers: str) -> None:
        with self.node.database.writing() as session:
            for peer in peers:
                readers.admit(session, self.node.incarnation, peer, "identity-of-" + peer)


def document(**changed: Any) -> dict[str, Any]:
    """A document that every rule takes, with some fields changed; None leaves a field out."""
    fields = {
        "type": "policy-brief",
        "title": "Water in rural areas",
        "description": "What surveys show.",
        "text": "A long text.\n\nOf two paragraphs.",
        "language": "en",
        "creator": ["ECLAC (illustration)"],
        "subject": ["water"],
        "themes": ["health-promotion"],
        "groups": ["rural-poor"],
        "countries": ["484", "CO", "per", "004"],
        "issued": "2020-11",
        "license": "CC-BY-4.0",
        "source": "https://example.org/data?series=1",
        "relation": [],
        "status": "published",
        "audience": "network",
    }
    return {name: value for name, value in (fields | changed).items() if value is not None}

"""What a person does at a catalog's desk, and a document to do it with."""

from typing import Any

from services.catalog.documents import DOCUMENT
from tests.service.house import Desk
from weft.records import wire
from weft.records.kinds import Kind

US = "eclac"


class Catalog(Desk):
    """What a person does with a catalog, in the role that is named."""

    prefix = DOCUMENT.path

    def at(self, kind: Kind[Any]) -> "Catalog":
        """The same catalog, at the desk of another kind."""

        class AtAnother(Catalog):
            prefix = kind.path

        return AtAnother(self.node, self.client, self.passports)

    def get(self, path: str = "", **given: Any) -> Any:
        return self.request("GET", path, **given)

    def put(self, id_: str, document: Any, **given: Any) -> Any:
        return self.put_at(f"/{US}/{id_}", document, **given)

    def send(self, data: bytes, id_: str = "hostile") -> Any:
        return self.request("PUT", f"/{US}/{id_}", content=data, headers={"Content-Type": "application/json"})

    def load(self, lines: bytes, query: str = "", *, media_type: str = "application/x-ndjson", **given: Any) -> Any:
        return self.request("POST", f"/bulk{query}", content=lines, headers={"Content-Type": media_type}, **given)


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


def barrier(**changed: Any) -> dict[str, Any]:
    """A barrier that every rule takes, with some fields changed; None leaves a field out."""
    fields = {
        "type": "institutional",
        "title": "Registration costs a day and a fee",
        "description": "The registry is a day's journey away.",
        "language": "en",
        "themes": ["social-inclusion"],
        "groups": ["children", "rural-poor"],
        "countries": ["231", "TZA"],
        "indicators": ["un/indicator/sdg.16.9.1"],
        "documents": ["eca/document/unregistered"],
        "evidence": [
            {"statement": "Fewer are registered.", "source": "eca/document/unregistered", "strength": "observational"},
            {"statement": "So said mothers.", "source": "https://example.org/report", "strength": "anecdotal"},
        ],
        "status": "published",
        "audience": "network",
    }
    return {name: value for name, value in (fields | changed).items() if value is not None}


def measure(**changed: Any) -> dict[str, Any]:
    """A measure that every rule takes, with some fields changed; None leaves a field out."""
    fields = {
        "kind": "service",
        "title": "Register the child where it is vaccinated",
        "description": "Health workers enter births on a tablet.",
        "language": "en",
        "barriers": ["eca/barrier/fees"],
        "themes": ["social-inclusion"],
        "groups": ["children"],
        "countries": ["288"],
        "years": {"from": 2014, "to": 2019},
        "reach": {"quantity": "2400000", "unit": "children"},
        "cost": {"amount": "9500000.50", "currency": "USD", "year": 2019},
        "result": "worked",
        "lessons": "Printing at the next visit matters more than the tablet.",
        "indicators": ["un/indicator/sdg.16.9.1"],
        "documents": [],
        "evidence": [{"statement": "Rates rose.", "source": "eca/document/unregistered", "strength": "evaluated"}],
        "status": "published",
        "audience": "network",
    }
    return {name: value for name, value in (fields | changed).items() if value is not None}


def leaving(fields: dict[str, Any]) -> dict[str, Any]:
    """What leaves the node of this document, without its times."""
    return wire.read(wire.joined(DOCUMENT.draft.parse(fields, DOCUMENT.name).content().members))

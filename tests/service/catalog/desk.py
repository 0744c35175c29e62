"""What a person does at a catalog's desk, and a document to do it with."""

from typing import Any

from services.catalog.api import PATH
from services.catalog.schemas import DocumentIn
from tests.service.house import Desk
from weft.records import wire

US = "eclac"


class Catalog(Desk):
    """What a person does with a catalog, in the role that is named."""

    prefix = PATH

    def get(self, path: str = "", **given: Any) -> Any:
        return self.request("GET", path, **given)

    def put(self, id_: str, document: Any, **given: Any) -> Any:
        return self.put_at(f"/{US}/{id_}", document, **given)

    def send(self, data: bytes, id_: str = "hostile") -> Any:
        return self.request("PUT", f"/{US}/{id_}", content=data, headers={"Content-Type": "application/json"})

    def load(self, lines: bytes, query: str = "", **given: Any) -> Any:
        return self.request(
            "POST", f"/bulk{query}", content=lines, headers={"Content-Type": "application/x-ndjson"}, **given
        )


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


def leaving(fields: dict[str, Any]) -> dict[str, Any]:
    """What leaves the node of this document, without its times."""
    return wire.read(wire.joined(DocumentIn.parse(fields).content().members))

"""What a person does at a node's desk of indicators, and a series to do it with."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from services.indicators import rows
from services.indicators.dimensions import DIMENSIONS
from services.indicators.ids import series_id
from services.indicators.schemas import KIND
from tests.service import house
from weft.protocol.names import Epoch, Key, Version
from weft.records.rows import Entry

US = "eca"
NDJSON = "application/x-ndjson"


class Desk(house.Desk):
    """What a person does with the service, in the role that is named."""

    def get(self, path: str = "/series", **given: Any) -> Any:
        return self.request("GET", path, **given)

    def put(self, one: Any, *, id_: str | None = None, **given: Any) -> Any:
        return self.put_at(f"/series/{US}/{id_ or id_of(one)}", one, **given)

    def send(self, data: bytes) -> Any:
        return self.request("PUT", f"/series/{US}/hostile", content=data, headers={"Content-Type": "application/json"})

    def load(self, content: bytes, query: str = "", *, type_: str = NDJSON, **given: Any) -> Any:
        return self.request("POST", f"/series/bulk{query}", content=content, headers={"Content-Type": type_}, **given)

    def load_unsd(self, content: bytes, query: str = "audience=network", **given: Any) -> Any:
        headers = {"Content-Type": "text/csv"}
        return self.request("POST", f"/series/import/unsd?{query}", content=content, headers=headers, **given)

    def csv(self, query: str = "", **given: Any) -> list[dict[str, str]]:
        answer = self.get(f"/observations?format=csv{query}", **given)
        assert answer.status_code == 200, answer.text
        return list(csv.DictReader(io.StringIO(answer.text, newline="")))

    def pages(self, path: str, **given: Any) -> Iterator[dict[str, Any]]:
        """Every item of a listing, page after page, by its own links."""
        while path:
            answer = self.get(path, **given)
            assert answer.status_code == 200, answer.text
            yield from answer.json()["items"]
            link = answer.headers.get("link", "")
            path = link.partition(">")[0].removeprefix("</api/v1") if link else ""

    def receive(self, origin: str, one: Any, *, public: bool = True, number: int = 1) -> str:
        """Show a peer's series as applying its feed would; its key."""
        made = {name: value for name, value in one.items() if name != "audience"}
        made |= {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z"}
        key = Key(origin, KIND, id_of(one))
        with self.node.database.writing() as session:
            rows.show(session, [Entry(key, Version(Epoch.after(0, 7), number), made, public)])
        return str(key)


def series(**changed: Any) -> dict[str, Any]:
    """A series that every rule takes; names in capitals change dimensions, others fields, None leaves one out."""
    fields: dict[str, Any] = {
        "audience": "network",
        "dimensions": {"FREQ": "A", "REPORTING_TYPE": "G", "SERIES": "SH_DYN_MORT", "REF_AREA": "818", "SEX": "F"},
        "attributes": {"UNIT_MULT": "0", "UNIT_MEASURE": "PER_1000_LIVE_BIRTHS"},
        "title": {"en": "Under-five mortality rate"},
        "observations": {"TIME_PERIOD": ["2010", "2015", "2016"], "OBS_VALUE": ["38.1", "34.20", None]},
    }
    dimensions = {name: value for name, value in changed.items() if name in DIMENSIONS}
    others = {name: value for name, value in changed.items() if name not in DIMENSIONS}
    fields["dimensions"] = fields["dimensions"] | dimensions
    return {name: value for name, value in (fields | others).items() if value is not None}


def id_of(one: Any) -> str:
    return series_id(one["dimensions"])


def ndjson(items: Iterable[Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)

"""One change at a time: from the moment an editor saves it at A until it can be read, and found, at B.

Asking B's API again and again would keep B from its work. So its database files are watched, which costs B nothing, and
when the change is there the API is asked: the time is that of its answer, not of what was seen in the file.
"""

import http.client
import json
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import chain, records
from benchmarks.pair import A, two_nodes, until
from weft.cli.client import Failed
from weft.demo.local import LocalNode, key_for, pair

LOOK_SECONDS = 0.001
REST_SECONDS = 0.05
"""Between two changes: each is alone."""
PATIENCE = 30.0
WARM_UP = 10
SHOWN = "SELECT 1 FROM shown WHERE kind = 'document' AND origin = 'eca' AND id = ?"
INDEXED = """SELECT 1 FROM indexed WHERE origin = 'eca' AND kind = 'document' AND id = ?
             AND NOT EXISTS (SELECT 1 FROM todo)"""
Say = Callable[[str], None]


def run(folder: Path, changes: int, *, say: Say) -> dict[str, Any]:
    with two_nodes(folder) as (a, b):
        pair([a, b])
        until("both have read each other", lambda: _equal(a) and _equal(b))
        say("A and B are ready and equal")
        editor, reader = _Connection(a, key_for(a, "editor")), _Connection(b, key_for(b, "reader"))
        documents = [_body(each) for each in records.documents(2 * changes + WARM_UP)]
        shown, indexed = _Watched(b.folder / "catalog.db", SHOWN), _Watched(b.folder / "search.db", INDEXED)
        measured = partial(_measured, editor, reader, documents)
        for number in range(WARM_UP):
            measured(number, shown, _readable)
        readable = [measured(at, shown, _readable) for at in range(WARM_UP, changes + WARM_UP)]
        say("measured: readable")
        found = range(changes + WARM_UP, 2 * changes + WARM_UP)
        searchable = [measured(at, indexed, _searchable) for at in found]
        say("measured: searchable")
    bare = chain.run(folder / "chain", changes)
    say("measured: the bare chain")
    in_reach = percentiles([each[1] for each in readable])
    weft = {
        "saved_ms": percentiles([each[0] for each in readable + searchable]),
        "readable_ms": in_reach,
        "searchable_ms": percentiles([each[1] for each in searchable]),
    }
    alone = percentiles(bare)
    peer = {"name": "SQLite, JetStream, SQLite: nothing but the commits and the messages", "ms": alone}
    ratio = round(in_reach["p50"] / alone["p50"], 2)
    sizes = {"changes": changes, "bytes_per_record": records.BYTES}
    return {"weft": weft, "peer": peer, "ratio": ratio, "conditions": sizes}


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """The middle, and the worst but one in a hundred, in milliseconds."""
    ordered = sorted(seconds)
    return {
        f"p{share}": round(1000 * ordered[min(len(ordered) - 1, len(ordered) * share // 100)], 2) for share in (50, 99)
    }


class _Watched:
    """A database file of B's, read beside it."""

    def __init__(self, file: Path, query: str) -> None:
        self._database = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        self._query = query

    def has(self, number: int) -> bool:
        return self._database.execute(self._query, (f"record-{number:07d}",)).fetchone() is not None


class _Connection:
    """One kept-alive connection to a node's gateway, as cheap as Python has it."""

    def __init__(self, node: LocalNode, key: str) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", node.operator.settings.port, timeout=PATIENCE)
        self._headers = {"Authorization": f"Bearer {key}"}

    def send(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        headers = {**self._headers, "Content-Type": "application/json"} if body else self._headers
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        return answer.status, answer.read()


def _body(document: dict[str, object]) -> bytes:
    """A document as one is saved: its id stands in the path."""
    return json.dumps({name: value for name, value in document.items() if name != "id"}).encode()


Look = Callable[[_Connection, int], bool]


def _measured(
    editor: _Connection, reader: _Connection, documents: list[bytes], number: int, watched: _Watched, look: Look
) -> tuple[float, float]:
    """Seconds from sending the change to A until A said that it is saved, and until B showed it."""
    time.sleep(REST_SECONDS)
    begun = time.perf_counter()
    status, said = editor.send("PUT", f"/api/v1/documents/{A}/record-{number:07d}", documents[number])
    if status != 201:
        raise Failed(f"A answered {status}: {said[:300]!r}")
    saved = time.perf_counter()
    while not (watched.has(number) and look(reader, number)):
        if time.perf_counter() - begun > PATIENCE:
            raise Failed(f"record {number} did not come to B")
        time.sleep(LOOK_SECONDS)
    return saved - begun, time.perf_counter() - begun


def _readable(reader: _Connection, number: int) -> bool:
    return reader.send("GET", f"/api/v1/documents/{A}/record-{number:07d}")[0] == 200


def _searchable(reader: _Connection, number: int) -> bool:
    status, said = reader.send("GET", f"/api/v1/search?q=%22record+{number}%22&limit=1")
    return status == 200 and json.loads(said)["total"] > 0


def _equal(node: LocalNode) -> bool:
    return bool(node.operator.get("/api/v1/sync/status")["equal"])

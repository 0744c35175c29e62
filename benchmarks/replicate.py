"""Replication of a full feed: records of 1 KB from A to B, until all are readable at B and the digests agree."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks import pouch, records
from benchmarks.conditions import cpu_seconds
from benchmarks.pair import A, B, accept, admit, copy, feed, two_nodes, until
from weft.cli.client import Failed
from weft.demo.five import NDJSON, http, total, upload
from weft.demo.local import LocalNode
from weft.exchange.session import PeerAuth
from weft.keys import NodeKeys
from weft.protocol import frames
from weft.protocol.commits import open_head
from weft.protocol.names import Feed

DOCUMENTS = "/api/v1/documents"
PER_UPLOAD = 10_000
LOOK_SECONDS = 0.05
Say = Callable[[str], None]


def run(folder: Path, count: int, by: str, *, peers: Path, spy: Path | None, say: Say) -> dict[str, Any]:
    """`by`: whether B was admitted before A was loaded, so that its first read is commits, or after, so a snapshot."""
    if by not in {"commits", "snapshot"}:
        raise Failed(f"first reads are by commits or by snapshot, not by {by}")
    weft = _weft(folder, count, by, spy, say)
    peer = pouch.run(folder, peers, count, say)
    ratio = round(weft["records_per_second"] / peer["records_per_second"], 2) if "records_per_second" in peer else None
    sizes = {"records": count, "bytes_per_record": records.BYTES, "first_read": by}
    return {"weft": weft, "peer": peer, "ratio": ratio, "conditions": sizes}


def _weft(folder: Path, count: int, by: str, spy: Path | None, say: Say) -> dict[str, Any]:
    with two_nodes(folder) as (a, b):
        say("A and B are ready")
        fingerprint = admit(a, b) if by == "commits" else ""
        loading = _load(a, count)
        fingerprint = fingerprint or admit(a, b)
        until("all of it is sealed at A", lambda: _position(a, b) == count)
        say(f"A holds {count} records, sealed, after {loading:.1f} s")
        used = {node.name: cpu_seconds(node.pid) for node in (a, b)}
        with _profiled(b, spy):
            times = _replicated(b, count, fingerprint)
        used = {node.name: round(cpu_seconds(node.pid) - used[node.name], 2) for node in (a, b)}
        say(f"B holds them after {times['equal']:.2f} s")
    return {
        "records_per_second": round(count / times["equal"]),
        "seconds": times,
        "cpu_seconds": {"A": used[A], "B, indexing included": used[B]},
        "loading": {"seconds": round(loading, 2), "records_per_second": round(count / loading)},
        "indexing": {
            "seconds_after_equal": round(max(0.0, times["searchable"] - times["equal"]), 2),
            "records_per_second_from_first_pull": round(count / times["searchable"]),
        },
    }


def _load(a: LocalNode, count: int) -> float:
    lines = list(records.lines(count))
    editor = http(a, "editor")
    begun = time.perf_counter()
    for at in range(0, count, PER_UPLOAD):
        file = a.folder / "upload.ndjson"
        file.write_bytes(b"".join(lines[at : at + PER_UPLOAD]))
        upload(editor, f"{DOCUMENTS}/bulk", NDJSON, [file])
    return time.perf_counter() - begun


def _position(a: LocalNode, b: LocalNode) -> int:
    """How many changes A's head counts, asked as its peer B does."""
    keys, ours = NodeKeys.open(a.folder), NodeKeys.open(b.folder)
    feed_ = Feed(A, "catalog", "network")

    async def ask() -> int:
        auth = PeerAuth(B, ours.identity, keys.identity.public)
        async with httpx.AsyncClient(base_url=a.url, auth=auth, timeout=20) as client:
            answer = await client.get(f"/feeds/{feed_}/head")
            answer.raise_for_status()
            return open_head(frames.parse(answer.content), feed=feed_, keys=keys.verifying).head.position

    return asyncio.run(ask())


def _replicated(b: LocalNode, count: int, fingerprint: str) -> dict[str, float]:
    """When each stage was first seen to be over, in seconds from B's yes to A, after which it pulls."""
    client, operator = http(b, "editor"), b.operator
    seen: dict[str, float] = {}
    begun = time.perf_counter()
    accept(b, fingerprint)

    def note(stage: str, holds: bool) -> None:
        if holds and stage not in seen:
            seen[stage] = round(time.perf_counter() - begun, 3)

    def over() -> bool:
        if "readable" not in seen:
            shown = int(client.get(DOCUMENTS, params={"limit": 1}).json()["total"])
            note("first_readable", shown > 0)
            note("readable", shown == count)
        if "equal" not in seen:
            status = operator.get("/api/v1/sync/status")
            ours = feed(status)
            note("stored", ours.get("count") == count)
            same = bool(ours.get("equal_at")) and ours.get("count") == count and ours.get("head") == ours.get("applied")
            note("equal", "readable" in seen and same and bool(copy(status, "catalog").get("equal")))
        elif "searchable" not in seen:
            found = client.get("/api/v1/search", params={"q": records.SHARED_WORD, "limit": 1}).json()["total"]
            note("searchable", int(found) == count)
        return "searchable" in seen

    until("B has all of it", over, every=LOOK_SECONDS)
    if total(b, DOCUMENTS) != count:
        raise Failed("B lost records again")
    return seen


@contextmanager
def _profiled(node: LocalNode, spy: Path | None) -> Iterator[None]:
    """While this lasts, py-spy samples the node's process; the collapsed stacks go to `profile.txt` here."""
    if spy is None:
        yield
        return
    command = [str(spy), "record", "--pid", str(node.pid), "--rate", "100", "--gil", "--threads"]
    command += ["--format", "raw", "--output", "profile.txt"]
    sampler = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        sampler.send_signal(signal.SIGINT)
        sampler.wait(60)

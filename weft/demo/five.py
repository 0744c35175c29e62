"""The five commissions: their nodes, their own input, and proof that every copy is equal."""

import gzip
import mimetypes
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx

from weft.cli.client import Failed
from weft.demo.local import LocalNode, key_for, pair, resident
from weft.tls import trusted

COMMISSIONS = {
    "eca": "ECA, Addis Ababa",
    "ece": "ECE, Geneva",
    "eclac": "ECLAC, Santiago",
    "escap": "ESCAP, Bangkok",
    "escwa": "ESCWA, Beirut",
}
NDJSON, CSV = "application/x-ndjson", "text/csv"
WRITTEN = ("targets", "indicators", "documents", "barriers", "measures")
"""What has a file of lines in a commission's folder, in an order in which what is referred to comes first."""
Say = Callable[[str], None]
SETTLE_SECONDS = 300.0
CALM = ("poll_seconds = 15",)
"""Five nodes on one machine poll each other less; what is new comes by the broker at once."""


class Network:
    """Five nodes in one folder. `input`: a folder with one folder of input for each commission."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder = folder
        self.source = source
        self.nodes = [LocalNode(name, folder / name, title, settings=CALM) for name, title in COMMISSIONS.items()]
        self.peak = 0

    def __getitem__(self, name: str) -> LocalNode:
        return next(node for node in self.nodes if node.name == name)

    def start(self, say: Say) -> None:
        """Make what is missing, start all five at once, and introduce them to each other."""
        for node in self.nodes:
            node.make()
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_ready()
            say(f"{node.name} answers at {node.url}")
        pair(self.nodes)
        say("all five have approved each other")

    def stop(self) -> None:
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(LocalNode.stop, self.nodes))

    def load(self, say: Say) -> None:
        """Give each node its own input; what is there already stays as it is."""
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            for line in pool.map(self._load, self.nodes):
                say(line)

    def _load(self, node: LocalNode) -> str:
        folder = self.source / node.name
        editor = http(node, "editor")
        told = [
            f"{_told(upload(editor, f'/api/v1/{kind}/bulk', NDJSON, [file]))} {kind}"
            for kind in WRITTEN
            if (file := folder / f"{kind}.ndjson").exists()
        ]
        series = 0
        for file in (folder / "observations.csv.gz", folder / "estimates.csv"):
            if file.exists():
                series += _told(upload(editor, "/api/v1/series/bulk?audience=network", CSV, [file]))
        for file in sorted((folder / "files").glob("*")):
            attach(editor, f"/api/v1/documents/{node.name}/{file.stem}", file)
        return f"{node.name} holds {', '.join(told)} and {series} series of its own"

    def settle(self, say: Say, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until every node says, from digests, that all its copies equal their origins.

        Raises:
            Failed: they did not within the time.
        """
        until = time.monotonic() + seconds
        last = ""
        while time.monotonic() < until:
            self.measure()
            told = [node.operator.get("/api/v1/sync/status") for node in self.nodes]
            late = [status["node"] for status in told if not status["equal"]]
            if not late:
                say("every copy equals its origin, by digest")
                return
            line = f"waiting for {', '.join(late)}"
            if line != last:
                say(line)
                last = line
            time.sleep(0.2)
        raise Failed(f"not equal after {seconds:.0f} s: {last}", "Look at: weft sync status")

    def measure(self) -> int:
        """Resident memory of everything together now, in bytes; the highest is kept."""
        now = sum(resident(node.pid) for node in self.nodes if node.pid)
        self.peak = max(self.peak, now)
        return now

    def records(self) -> dict[str, dict[str, int]]:
        """How many records each node shows, by kind, its peers' included."""
        return {node.name: {kind: total(node, path) for kind, path in KINDS.items()} for node in self.nodes}


KINDS = {kind: f"/api/v1/{kind}" for kind in (*WRITTEN, "series")}


def total(node: LocalNode, path: str) -> int:
    answer = http(node, "editor").get(path, params={"limit": 1})
    answer.raise_for_status()
    return int(answer.json()["total"])


def http(node: LocalNode, role: str | None) -> httpx.Client:
    """A client of a node's public API, with a key of this role, or none."""
    headers = {"Authorization": f"Bearer {key_for(node, role)}"} if role else {}
    return httpx.Client(base_url=node.url, headers=headers, timeout=120, verify=trusted())


def upload(client: httpx.Client, path: str, form: str, files: list[Path]) -> dict[str, Any]:
    """Send files to a bulk route; its report, when nothing was refused."""
    answer = client.post(path, content=_bytes(files), headers={"Content-Type": form})
    report: dict[str, Any] = answer.json()
    if not answer.is_success or report.get("refused"):
        raise Failed(f"{path}: {answer.status_code} {str(report)[:500]}")
    return report


def attach(client: httpx.Client, document: str, file: Path) -> None:
    """Put a file beside a document, unless it is there."""
    there = client.get(document).raise_for_status()
    if file.name in {each["name"] for each in there.json().get("files", [])}:
        return
    kind, _ = mimetypes.guess_type(file.name)
    headers = {"Content-Type": kind or "application/octet-stream", "If-Match": there.headers["ETag"]}
    client.put(f"{document}/files/{file.name}", content=file.read_bytes(), headers=headers).raise_for_status()


def _bytes(files: list[Path]) -> Iterator[bytes]:
    for file in files:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            while part := stream.read(1 << 16):
                yield bytes(part)


def _told(report: dict[str, Any]) -> int:
    return int(report["created"] + report["revised"] + report["unchanged"])

"""The peer in replication: two pouchdb-server instances, which speak CouchDB's protocol, given the same documents."""

import json
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from benchmarks import records
from benchmarks.conditions import cpu_seconds, tool
from benchmarks.pair import until
from weft.demo.local import free_ports

PACKAGE = "pouchdb-server@4.2.0"
PER_POST = 500
Say = Callable[[str], None]


def run(folder: Path, software: Path, count: int, say: Say) -> dict[str, Any]:
    """Load one instance, let the other pull from it, and count what it then has; or why that cannot be done here."""
    program = _program(software, say)
    if program is None:
        return {"name": PACKAGE, "missing": "npm is not here, or it could not install the package"}
    with ExitStack() as stack:
        a, b = (stack.enter_context(_Instance(program, folder / f"pouch-{name}")) for name in "ab")
        loading = _load(a.client, count)
        say(f"pouchdb-server A holds {count} records after {loading:.1f} s")
        b.client.put("/records").raise_for_status()
        used = [cpu_seconds(each.pid) for each in (a, b)]
        begun = time.perf_counter()
        answer = b.client.post("/_replicate", json={"source": f"{a.url}/records", "target": "records"})
        answer.raise_for_status()
        until("pouchdb-server B has all of it", lambda: b.client.get("/records").json()["doc_count"] == count)
        seconds = time.perf_counter() - begun
        used = [round(cpu_seconds(each.pid) - before, 2) for each, before in zip((a, b), used, strict=True)]
        say(f"pouchdb-server B holds them after {seconds:.2f} s")
    return {
        "name": PACKAGE,
        "node": tool("node"),
        "records_per_second": round(count / seconds),
        "seconds": round(seconds, 3),
        "cpu_seconds": {"A": used[0], "B": used[1]},
        "loading": {"seconds": round(loading, 2), "records_per_second": round(count / loading)},
        "not_done": "neither signatures nor digests are verified, nothing is indexed for search",
    }


def _load(client: httpx.Client, count: int) -> float:
    documents = [{"_id": each.pop("id"), **each} for each in records.documents(count)]
    client.put("/records").raise_for_status()
    begun = time.perf_counter()
    for at in range(0, count, PER_POST):
        client.post("/records/_bulk_docs", json={"docs": documents[at : at + PER_POST]}).raise_for_status()
    return time.perf_counter() - begun


class _Instance:
    """One server with a folder of its own, for as long as it is entered."""

    def __init__(self, program: Path, folder: Path) -> None:
        (port,) = free_ports(1)
        folder.mkdir()
        configuration = folder / "config.json"
        configuration.write_text(json.dumps({"httpd": {"port": port, "host": "127.0.0.1"}}))
        self.url = f"http://127.0.0.1:{port}"
        self.client = httpx.Client(base_url=self.url, timeout=600)
        self._command = [str(program), "--config", str(configuration), "--port", str(port), "--host", "127.0.0.1"]
        self._folder = folder

    def __enter__(self) -> "_Instance":
        with (self._folder / "log").open("wb") as log:
            self._child = subprocess.Popen(
                self._command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until("pouchdb-server answers", self._answers, seconds=60)
        return self

    @property
    def pid(self) -> int:
        return self._child.pid

    def __exit__(self, *_: object) -> None:
        self.client.close()
        self._child.terminate()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def _answers(self) -> bool:
        try:
            return self.client.get("/").status_code == 200
        except httpx.TransportError:
            return False


def _program(software: Path, say: Say) -> Path | None:
    program = software / "node_modules" / ".bin" / "pouchdb-server"
    npm = shutil.which("npm")
    if program.exists() or npm is None:
        return program if program.exists() else None
    say(f"installing {PACKAGE}")
    software.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", PACKAGE, "--no-audit", "--no-fund", "--loglevel", "error"]
    done = subprocess.run(
        command, cwd=software, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False
    )
    return program if done.returncode == 0 and program.exists() else None

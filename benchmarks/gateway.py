"""The gateway's price: the same request through it, to its service directly, and through a proxy made with httpx.

Once with all services in one process, once with each in a process of its own.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks import records
from benchmarks.pair import UNLIMITED, A, until
from benchmarks.traffic import Outcome, Plan, send
from weft.demo.local import LocalNode, free_ports, key_for
from weft.identity import ANONYMOUS
from weft.keys import NodeKeys
from weft.passport import Passports

CONNECTIONS = 8
WARM_UP_SECONDS = 2.0
SERVICES = ("catalog", "indicators", "search", "sync")
PATH = f"/api/v1/documents/{A}/record-0000001"
Say = Callable[[str], None]


def run(folder: Path, seconds: float, *, say: Say) -> dict[str, Any]:
    node = LocalNode(A, folder / A, environment=UNLIMITED)
    node.make()
    with node:
        node.start()
        node.wait_ready()
        fill(node)
        up = _measured(node.url, {}, seconds)
    say("measured: all services in one process")
    with _apart(node) as catalog:
        apart = _measured(node.url, {}, seconds)
        say("measured: a process each")
        direct = _measured(catalog, _passport(node), seconds)
        say("measured: the service alone")
        with _proxy(catalog) as proxy:
            proxied = _measured(proxy, _passport(node), seconds)
    ratios = {
        "up_to_direct": up["requests_per_second"] / direct["requests_per_second"],
        "apart_to_proxy": apart["requests_per_second"] / proxied["requests_per_second"],
        "apart_added_p50_ms": apart["alone"]["p50"] - direct["alone"]["p50"],
    }
    return {
        "weft": {"up": up, "apart": apart, "direct": direct},
        "peer": {"name": f"a proxy with Starlette and httpx {httpx.__version__}", **proxied},
        "ratio": {name: round(value, 2) for name, value in ratios.items()},
        "conditions": {"connections": CONNECTIONS, "seconds": seconds, "path": PATH},
    }


def fill(node: LocalNode) -> None:
    """Give a node some documents to be asked for."""
    headers = {"Authorization": f"Bearer {key_for(node, 'editor')}", "Content-Type": "application/x-ndjson"}
    with httpx.Client(base_url=node.url, headers=headers, timeout=60) as client:
        client.post("/api/v1/documents/bulk", content=b"".join(records.lines(100))).raise_for_status()


def _measured(url: str, headers: dict[str, str], seconds: float) -> dict[str, Any]:
    """As fast as it goes, and one request at a time."""
    send(Plan(url + PATH, CONNECTIONS, WARM_UP_SECONDS, headers))
    busy = _all_good(send(Plan(url + PATH, CONNECTIONS, seconds, headers)))
    alone = _all_good(send(Plan(url + PATH, 1, seconds, headers)))
    return {"requests_per_second": busy.requests_per_second, **busy.good, "alone": alone.good}


def _all_good(outcome: Outcome) -> Outcome:
    if set(outcome.by_status) != {"200"}:
        raise RuntimeError(f"not every request was answered with 200: {outcome}")
    return outcome


def _passport(node: LocalNode) -> dict[str, str]:
    """What the gateway tells a service of nobody in particular; it is good for two minutes."""
    return {"Weft-Caller": Passports(NodeKeys.open(node.folder).internal).issue(ANONYMOUS)}


@contextmanager
def _apart(node: LocalNode) -> Iterator[str]:
    """The node as six processes. Gives the catalog's own address."""
    ports = dict(zip(SERVICES, free_ports(len(SERVICES)), strict=True))
    urls = {f"WEFT_{name.upper()}_URL": f"http://127.0.0.1:{port}" for name, port in ports.items()}
    with ExitStack() as stack:
        for name in ("broker", *SERVICES, "gateway"):
            part = stack.enter_context(LocalNode(A, node.folder, environment={**UNLIMITED, **urls}))
            part.start("serve", name, str(node.folder), *(("--port", str(ports[name])) if name in ports else ()))
        part.wait_ready()
        yield urls["WEFT_CATALOG_URL"]


@contextmanager
def _proxy(upstream: str) -> Iterator[str]:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "uvicorn", "--port", str(port), "--no-access-log", "benchmarks.httpx_proxy:app"]
    process = subprocess.Popen(command, env={**os.environ, "UPSTREAM": upstream}, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until("the proxy answers", lambda: _answers(url), seconds=60)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False

"""Two nodes as processes of their own: A approves B, and B says yes when the measuring begins."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from weft.cli.client import Failed
from weft.demo.local import LocalNode

UNLIMITED = {"WEFT_REQUESTS_PER_MINUTE": "1000000", "WEFT_WRITES_PER_MINUTE": "1000000"}
A, B = "eca", "ece"
PATIENCE = 600.0


@contextmanager
def two_nodes(folder: Path) -> Iterator[tuple[LocalNode, LocalNode]]:
    """A and B, ready, strangers to each other."""
    with ExitStack() as stack:
        nodes = [LocalNode(name, folder / name, environment=UNLIMITED) for name in (A, B)]
        for node in nodes:
            node.make()
            node.start()
            stack.enter_context(node)
        for node in nodes:
            node.wait_ready()
        yield nodes[0], nodes[1]


def admit(a: LocalNode, b: LocalNode) -> str:
    """A approves B. Returns A's fingerprint once B has heard of it: from here on B may read, and does not yet."""
    found = a.operator.post("/api/v1/sync/peers", {"url": b.url})
    a.operator.post(f"/api/v1/sync/peers/{B}/approve", {"fingerprint": found["fingerprint"]})
    operator = b.operator
    asking: list[dict[str, Any]] = []

    def asks() -> bool:
        asking[:] = [peer for peer in operator.get("/api/v1/sync/peers")["items"] if peer["name"] == A]
        return bool(asking)

    until("A asks B", asks)
    return str(asking[0]["fingerprint"])


def accept(b: LocalNode, fingerprint: str) -> None:
    """B approves A: its first pull begins."""
    b.operator.post(f"/api/v1/sync/peers/{A}/approve", {"fingerprint": fingerprint})


def feed(status: dict[str, Any]) -> dict[str, Any]:
    """What a node's status says of the feed that is measured; empty while it does not know of it."""
    return next((item for item in status["feeds"] if item["feed"] == f"{A}/catalog/network"), {})


def copy(status: dict[str, Any], service: str) -> dict[str, Any]:
    wanted = (service, f"{A}/catalog/network")
    return next((item for item in status["copies"] if (item["service"], item["feed"]) == wanted), {})


def until(what: str, holds: Any, *, every: float = 0.05, seconds: float = PATIENCE) -> None:
    """Wait until something holds.

    Raises:
        Failed: it does not within the time.
    """
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise Failed(f"not within {seconds:.0f} s: {what}")
        time.sleep(every)

"""Twice as many requests as a node can answer, for minutes: what it sheds, what becomes of what it accepts, and afterwards."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.gateway import CONNECTIONS, PATH, fill
from benchmarks.pair import UNLIMITED, A
from benchmarks.traffic import Outcome, Plan, send
from weft.demo.local import LocalNode, resident

CROWD = 400
"""Connections of the overload: many callers, not a few that wait politely for each answer."""
QUIET_SHARE = 0.2
QUIET_SECONDS = 15.0
SHED = {"429", "503"}
Say = Callable[[str], None]


def run(folder: Path, seconds: float, *, say: Say) -> dict[str, Any]:
    node = LocalNode(A, folder / A, environment=UNLIMITED)
    node.make()
    with node:
        node.start()
        node.wait_ready()
        fill(node)
        url = node.url + PATH
        capacity = send(Plan(url, CONNECTIONS, QUIET_SECONDS)).requests_per_second
        quiet = Plan(url, CONNECTIONS, QUIET_SECONDS, rate=QUIET_SHARE * capacity)
        before = send(quiet)
        memory = resident(node.pid or 0)
        say(f"it answers {capacity:.0f} a second; now twice that for {seconds:.0f} s")
        crowded = send(Plan(url, CROWD, seconds, rate=2 * capacity))
        grown = resident(node.pid or 0) - memory
        after = send(quiet)
    accepted, others = crowded.good, set(crowded.by_status) - {"200"} - SHED
    return {
        "weft": {
            "capacity_per_second": capacity,
            "unloaded": before.good,
            "accepted": accepted,
            "shed": {status: crowded.by_status[status] for status in sorted(SHED & set(crowded.by_status))},
            "neither": {status: crowded.by_status[status] for status in sorted(others)},
            "unanswered": crowded.unanswered,
            "afterwards": after.good,
            "errors_afterwards": _errors(after),
            "grown_mib": round(grown / 2**20, 1),
        },
        "peer": {"name": "the same node unloaded", "p99_ms": before.good["p99"]},
        "ratio": round(accepted["p99"] / before.good["p99"], 2),
        "conditions": {"seconds": seconds, "connections": CROWD, "rate": round(2 * capacity)},
    }


def _errors(outcome: Outcome) -> int:
    return outcome.unanswered + sum(int(said["count"]) for status, said in outcome.by_status.items() if status != "200")

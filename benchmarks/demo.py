"""The demo's bring-up: seconds until five nodes are ready and equal, and what memory each kind of process takes."""

import os
import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from weft.cli.demo import PACKAGED
from weft.demo.five import Network

MEBIBYTE = 1024 * 1024
GOAL_SECONDS, GOAL_MIB = 30.0, 1536
Say = Callable[[str], None]


def run(folder: Path, *, say: Say) -> dict[str, Any]:
    network = Network(folder, PACKAGED)
    stages: dict[str, float] = {}
    begun = time.perf_counter()
    try:
        for stage in (network.start, network.load, network.settle):
            stage(say)
            stages[stage.__name__] = round(time.perf_counter() - begun - sum(stages.values()), 2)
        ready = round(time.perf_counter() - begun, 2)
        memory = _memory([node.pid for node in network.nodes if node.pid])
        records = network.records()
    finally:
        network.stop()
    whole = sum(kind["resident_mib"] for kind in memory.values())
    weft = {"ready_seconds": ready, "stages": stages, "resident_mib": whole, "by_process": memory}
    goal = {"name": "the goal", "ready_seconds": GOAL_SECONDS, "resident_mib": GOAL_MIB}
    ratio = {"ready_seconds": round(ready / GOAL_SECONDS, 2), "resident_mib": round(whole / GOAL_MIB, 2)}
    return {"weft": weft, "peer": goal, "ratio": ratio, "conditions": {"records": records}}


def _memory(nodes: list[int]) -> dict[str, dict[str, int]]:
    """By kind of process: how many there are, and their memory in MiB.

    `resident` counts what processes share, like the interpreter's libraries, once for each; `proportional` once in all.
    """
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    found["demo"].append(_sizes(os.getpid()))
    for node in nodes:
        for pid in _family(node):
            found[_kind(pid)].append(_sizes(pid))
    return {
        kind: {
            "processes": len(sizes),
            "resident_mib": sum(size[0] for size in sizes) // MEBIBYTE,
            "proportional_mib": sum(size[1] for size in sizes) // MEBIBYTE,
        }
        for kind, sizes in found.items()
    }


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _family(int(child))


def _kind(pid: int) -> str:
    program = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode()
    return "nats-server" if "nats-server" in program else "node"


def _sizes(pid: int) -> tuple[int, int]:
    """Resident and proportional bytes."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB$", told, re.MULTILINE))
    return int(sizes["Rss"]) * 1024, int(sizes["Pss"]) * 1024

"""The demo command: five commissions on this machine, on real input; with --check, the journey that accepts the product."""

import json
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from weft.cli.client import Failed
from weft.cli.output import err, out, table
from weft.demo.five import Network
from weft.demo.journey import Journey
from weft.demo.local import key_for

PACKAGED = Path(__file__).resolve().parents[2] / "demo"
"""The input that ships: one folder for each commission."""
MEBIBYTE = 1024 * 1024


def demo(
    folder: Annotated[Path, typer.Option("--dir", help="Where the five nodes live; what is there goes on.")] = Path(
        "demo-data"
    ),
    source: Annotated[
        Path, typer.Option("--data", help="A folder of input, one folder for each commission.")
    ] = PACKAGED,
    check: Annotated[bool, typer.Option("--check", help="Walk the acceptance journey and end.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="With --check: end with one line of JSON.")] = False,
) -> None:
    """Run five commissions' nodes on this machine, each with its own input, replicating to each other.

    Examples:
      weft demo
      weft demo --check --json
    """
    if check:
        place = Path(tempfile.mkdtemp(prefix="weft-check-")) if folder == Path("demo-data") else folder
        sys.exit(0 if _check(place, source, json_=json_, keep=place == folder) else 1)
    started = time.monotonic()
    network = Network(folder.resolve(), source)
    try:
        _bring_up(network)
        _welcome(network, time.monotonic() - started)
        _wait_for_interrupt()
    finally:
        err.print("Stopping the five nodes …")
        network.stop()


def _bring_up(network: Network) -> None:
    begun = time.monotonic()

    def say(line: str) -> None:
        err.print(f"[dim]{time.monotonic() - begun:6.1f} s[/]  {line}", highlight=False)

    say("starting five nodes")
    network.start(say)
    say("loading each node's own input")
    network.load(say)
    network.settle(say)


def _welcome(network: Network, seconds: float) -> None:
    rows = [(node.title, node.url, key_for(node, "editor")) for node in network.nodes]
    table(
        f"Ready after {seconds:.1f} s, {network.peak / MEBIBYTE:.0f} MiB", ("node", "gateway", "an editor's key"), rows
    )
    eclac, eca, escap = (network[name] for name in ("eclac", "eca", "escap"))
    document = json.dumps(
        {
            "type": "policy-brief",
            "title": "Salud en la costa",
            "language": "es",
            "text": "…",
            "status": "published",
            "audience": "network",
        },
        ensure_ascii=False,
    )
    lines = (
        "Try:",
        f"  curl '{eca.url}/api/v1/search?q=mujeres'",
        f"  curl -X PUT {eclac.url}/api/v1/documents/eclac/salud-costa -H 'Authorization: Bearer {key_for(eclac, 'editor')}' "
        f"-H 'Content-Type: application/json' -d '{document}'",
        f"  curl {escap.url}/api/v1/documents/eclac/salud-costa     # watch it arrive in Bangkok",
        f"Pages: {escap.url}/   Replication: weft sync status {escap.folder}   Stop: Ctrl-C",
    )
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _wait_for_interrupt() -> None:
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    while not ended.wait(1):
        pass


def _check(folder: Path, source: Path, *, json_: bool, keep: bool) -> bool:
    network = Network(folder.resolve(), source)
    steps: list[dict[str, Any]] = []
    report: dict[str, Any] = {"nodes": [node.name for node in network.nodes]}
    begun = time.monotonic()
    try:
        _bring_up(network)
        report |= {
            "ready_seconds": round(time.monotonic() - begun, 1),
            "gateways": {node.name: node.url for node in network.nodes},
        }
        for step in Journey(network).steps():
            steps.append(_walk(step.__name__, step))
            network.measure()
        report |= {"records": network.records(), "equal": all(_equal(network))}
    except Failed as error:
        steps.append(
            {"name": "bring up", "passed": False, "seconds": round(time.monotonic() - begun, 1), "why": str(error)}
        )
    finally:
        network.stop()
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    passed = all(step["passed"] for step in steps) and bool(report.get("equal"))
    report |= {"peak_rss_mib": round(network.peak / MEBIBYTE), "steps": steps, "passed": passed}
    counts = sum(step["passed"] for step in steps), sum(not step["passed"] for step in steps)
    out.print(f"{counts[0]} passed, {counts[1]} failed", highlight=False)
    if json_:
        out.print(json.dumps(report), markup=False, highlight=False, soft_wrap=True)
    return passed


def _walk(name: str, step: Any) -> dict[str, Any]:
    begun = time.monotonic()
    told = {"name": name, "passed": True}
    try:
        step()
    except Exception as error:  # a step that breaks is a step that fails; the journey goes on
        told |= {"passed": False, "why": f"{type(error).__name__}: {error}"[:500]}
    told["seconds"] = round(time.monotonic() - begun, 2)
    mark = "[green]passed[/]" if told["passed"] else "[bold red]FAILED[/]"
    err.print(f"{mark} {told['seconds']:6.2f} s  {name.replace('_', ' ')} {told.get('why', '')}", highlight=False)
    return told


def _equal(network: Network) -> list[bool]:
    return [bool(node.operator.get("/api/v1/sync/status")["equal"]) for node in network.nodes]

"""`python -m benchmarks NAME`: run one benchmark, or all. Progress on standard error, one JSON object at the end."""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks import demo, files, gateway, latency, load, replicate
from benchmarks.conditions import conditions

NAMES = ("replicate", "latency", "demo", "gateway", "load", "files")


def main(
    name: Annotated[str, typer.Argument(help=f"One of {', '.join(NAMES)}, or all.")],
    records: Annotated[int, typer.Option(help="replicate: how many records of 1 KB.")] = 20_000,
    changes: Annotated[int, typer.Option(help="latency: how many changes of each kind.")] = 100,
    seconds: Annotated[float, typer.Option(help="gateway, load: how long each measurement takes.")] = 10.0,
    mebibytes: Annotated[int, typer.Option(help="files: how large the file is.", max=100)] = 100,
    by: Annotated[str, typer.Option(help="replicate: B's first read is by 'commits' or by 'snapshot'.")] = "commits",
    peers: Annotated[Path | None, typer.Option(help="Folder to keep peers' software in; else thrown away.")] = None,
    spy: Annotated[Path | None, typer.Option(help="replicate: py-spy's executable, to profile node B.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Indent nothing: the last line is the result.")] = False,
) -> None:
    """Measure, and say beside what and under which conditions."""
    runs: dict[str, Callable[[Path], dict[str, Any]]] = {
        "replicate": lambda folder: replicate.run(
            folder, records, by, peers=peers or folder / "peers", spy=spy, say=_say
        ),
        "latency": lambda folder: latency.run(folder, changes, say=_say),
        "demo": lambda folder: demo.run(folder, say=_say),
        "gateway": lambda folder: gateway.run(folder, seconds, say=_say),
        "load": lambda folder: load.run(folder, seconds, say=_say),
        "files": lambda folder: files.run(folder, mebibytes, rounds=3, say=_say),
    }
    if name not in (*runs, "all"):
        raise typer.BadParameter(f"one of {', '.join(NAMES)}, or all", param_hint="name")
    results: dict[str, Any] = {}
    for each in runs if name == "all" else [name]:
        with tempfile.TemporaryDirectory(prefix=f"weft-{each}-") as folder:
            before = conditions()
            results[each] = runs[each](Path(folder))
            results[each]["conditions"] = {**before, **results[each].get("conditions", {})}
    print(json.dumps(results if name == "all" else results[name], indent=None if json_ else 2))


_BEGUN = time.monotonic()


def _say(line: str) -> None:
    print(f"{time.monotonic() - _BEGUN:7.1f} s  {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    typer.run(main)

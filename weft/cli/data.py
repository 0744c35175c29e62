"""The command that feeds a node: import, with a progress bar, a dry run, and a report per line."""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from weft.cli.client import Failed, NodeClient
from weft.cli.output import as_json, err, say, table

NDJSON, CSV = "application/x-ndjson", "text/csv"
ROUTES = {
    ("documents", NDJSON): "/api/v1/documents/bulk",
    ("series", NDJSON): "/api/v1/series/bulk",
    ("series", CSV): "/api/v1/series/bulk",
    ("unsd", CSV): "/api/v1/series/import/unsd",
}
PIECE = 1 << 16


def import_(
    folder: Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)],
    kind: Annotated[str, typer.Argument(help="documents, series, or unsd (a file of the UNSD database).")],
    file: Annotated[Path, typer.Argument(help="NDJSON or CSV, plain or .gz.", exists=True, dir_okay=False)],
    audience: Annotated[
        str, typer.Option(help="Who may have it, where the file does not say: network, local or peers.")
    ] = "",
    areas: Annotated[str, typer.Option(help="For unsd: a commission like eca, or M49 or ISO codes.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Take the good lines, leave the bad ones.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Import documents or series. Nothing is written when a line is bad, unless --keep-going.

    Importing the same again changes nothing. Exit code 1 when a line was refused.

    Examples:
      weft import /srv/weft documents briefs.ndjson --dry-run
      weft import /srv/weft series observations.csv.gz --audience network
      weft import /srv/weft unsd observations.csv.gz --audience network --areas eca
    """
    form = NDJSON if file.name.removesuffix(".gz").endswith(("json", "ndjson", "jsonl")) else CSV
    route = ROUTES.get((kind, form))
    if route is None:
        raise Failed(
            f"{kind} cannot be read from {file.name}", "documents: .ndjson; series: .ndjson or .csv; unsd: .csv"
        )
    query: dict[str, Any] = {"dry_run": dry_run, "keep_going": keep_going}
    if audience:
        query["audience"] = audience
    if areas:
        query["areas"] = areas
    client = NodeClient(folder, seconds=3600)
    report = client.send("POST", route, params=query, content=_shown(file), headers={"Content-Type": form})
    if json_:
        as_json(report)
    else:
        _draw(report, dry_run)
    raise typer.Exit(1 if report["refused"] else 0)


def _shown(file: Path) -> Iterator[bytes]:
    """The file's bytes, with a bar on standard error for how much of it has been sent."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with file.open("rb") as raw, Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        with gzip.GzipFile(fileobj=raw) if file.suffix == ".gz" else raw as stream:
            while piece := stream.read(PIECE):
                progress.update(task, completed=raw.tell())
                yield piece
        progress.update(task, description=f"{file.name}: sent, waiting for the node")


def _draw(report: dict[str, Any], dry_run: bool) -> None:
    refused = [line for line in report["lines"] if line["outcome"] == "refused"]
    if refused:
        rows = [(line["line"], line.get("id"), line.get("code"), line.get("detail")) for line in refused]
        table("Refused", ("line", "id", "code", "why"), rows)
    counts = ", ".join(f"{report[name]} {name}" for name in ("created", "revised", "unchanged", "refused"))
    say(f"{'Would be' if dry_run else 'Done'}: {counts}.")

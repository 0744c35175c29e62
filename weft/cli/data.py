"""The commands that feed a node and empty it out: import, export, attach. With progress, dry runs and a report per line."""

import gzip
import mimetypes
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Annotated, Any

import httpx
import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn

from weft.cli.client import Failed, NodeClient
from weft.cli.output import as_json, err, say, table

NDJSON, CSV = "application/x-ndjson", "text/csv"
KINDS = ("documents", "barriers", "measures", "frameworks", "goals", "targets", "indicators", "series")
PIECE = 1 << 16
Folder = Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON.")]


def import_(
    folder: Folder,
    kind: Annotated[str, typer.Argument(help=f"{', '.join(KINDS)}, or unsd (a file of the UNSD database).")],
    file: Annotated[Path, typer.Argument(help="NDJSON or CSV, plain or .gz.", exists=True, dir_okay=False)],
    audience: Annotated[
        str, typer.Option(help="Who may have it, where the file does not say: network, local or peers.")
    ] = "",
    areas: Annotated[str, typer.Option(help="For unsd: a commission like eca, or M49 or ISO codes.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, write nothing.")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Take the good lines, leave the bad ones.")] = False,
    json_: AsJson = False,
) -> None:
    """Import records of one kind. Nothing is written when a line is bad, unless --keep-going.

    Importing the same again changes nothing. Exit code 1 when a line was refused.

    Examples:
      weft import /srv/weft documents briefs.ndjson --dry-run
      weft import /srv/weft barriers barriers.csv
      weft import /srv/weft series observations.csv.gz --audience network
      weft import /srv/weft unsd observations.csv.gz --audience network --areas eca
    """
    form = NDJSON if file.name.removesuffix(".gz").endswith(("json", "ndjson", "jsonl")) else CSV
    query: dict[str, Any] = {"dry_run": dry_run, "keep_going": keep_going}
    query |= {name: value for name, value in (("audience", audience), ("areas", areas)) if value}
    client = NodeClient(folder, seconds=3600)
    report = client.send("POST", _route(kind, form), params=query, content=_shown(file), headers={"Content-Type": form})
    if json_:
        as_json(report)
    else:
        _draw(report, dry_run)
    raise typer.Exit(1 if report["refused"] else 0)


def export(
    folder: Folder,
    kind: Annotated[str, typer.Argument(help=", ".join(KINDS))],
    file: Annotated[Path, typer.Argument(help="Where to: .ndjson or .csv, with .gz to pack it. Not one that exists.")],
    origin: Annotated[str, typer.Option(help="Of this node alone, or of a peer; by default of all.")] = "",
) -> None:
    """Export records of one kind, drafts included, in lines that can be imported again.

    Examples:
      weft export /srv/weft documents ours.ndjson --origin eca
      weft export /srv/weft series everything.csv.gz
    """
    form = "ndjson" if file.name.removesuffix(".gz").endswith("ndjson") else "csv"
    _route(kind, NDJSON)
    client = NodeClient(folder, seconds=600)
    query = {"format": form} | ({"origin": origin} if origin else {})
    if file.exists():
        raise Failed(f"{file} exists", "Choose another name: an export overwrites nothing.")
    with (
        gzip.open(file, "xb") if file.suffix == ".gz" else file.open("xb") as out,
        client.http.stream("GET", f"/api/v1/{kind}/export", params=query) as answer,
    ):
        if not answer.is_success:
            answer.read()
            raise Failed(f"{answer.status_code}: {answer.text[:300]}")
        lines = _written(answer, out, file.name)
    say(f"Done: {lines} lines in {file}.")


def attach(
    folder: Folder,
    document: Annotated[str, typer.Argument(help="The document's id, or its key, like eca/document/brief.")],
    file: Annotated[Path, typer.Argument(help="The file, up to 100 MiB.", exists=True, dir_okay=False)],
    name: Annotated[str, typer.Option(help="Its name there; by default its own.")] = "",
    media_type: Annotated[str, typer.Option(help="What it is; by default what its name says.")] = "",
    json_: AsJson = False,
) -> None:
    """Attach a file to a document of this node, or replace the one of that name.

    Example:
      weft attach /srv/weft training-sheet sheet.pdf
    """
    client = NodeClient(folder, seconds=3600)
    origin, id_ = client.settings.node, document.rpartition("/")[2]
    kind = media_type or mimetypes.guess_type(name or file.name)[0]
    if kind is None:
        raise Failed(f"what {file.name} is cannot be told from its name", "Say it: --media-type application/pdf")
    path = f"/api/v1/documents/{origin}/{id_}"
    version = client.get(path)["version"]
    headers = {"Content-Type": kind, "If-Match": f'"{version}"', "Content-Length": str(file.stat().st_size)}
    said = client.send("PUT", f"{path}/files/{name or file.name}", content=_shown(file, unpack=False), headers=headers)
    if json_:
        as_json(said)
    else:
        say(f"Done: {name or file.name} is with {origin}/document/{id_}.")


def _route(kind: str, form: str) -> str:
    if kind == "unsd" and form == CSV:
        return "/api/v1/series/import/unsd"
    if kind not in KINDS:
        raise Failed(f"{kind} is no kind of record for this", f"One of {', '.join(KINDS)}; unsd is read from .csv.")
    return f"/api/v1/{kind}/bulk"


def _shown(file: Path, *, unpack: bool = True) -> Iterator[bytes]:
    """The file's bytes, with a bar on standard error for how much of it has been sent."""
    with file.open("rb") as raw, _bar(file.name, file.stat().st_size) as (progress, task):
        with gzip.GzipFile(fileobj=raw) if unpack and file.suffix == ".gz" else nullcontext(raw) as stream:
            while piece := stream.read(PIECE):
                progress.update(task, completed=raw.tell())
                yield piece
        progress.update(task, description=f"{file.name}: sent, waiting for the node")


def _written(answer: httpx.Response, out: IO[bytes] | gzip.GzipFile, name: str) -> int:
    """How many lines were written of an answer, which need not say how long it is."""
    lines = 0
    with _bar(name, None) as (progress, task):
        for piece in answer.iter_bytes(PIECE):
            out.write(piece)
            lines += piece.count(b"\n")
            progress.advance(task, len(piece))
    return lines


@contextmanager
def _bar(name: str, total: int | None) -> Iterator[tuple[Progress, TaskID]]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        yield progress, progress.add_task(name, total=total)


def _draw(report: dict[str, Any], dry_run: bool) -> None:
    refused = [line for line in report["lines"] if line["outcome"] == "refused"]
    if refused:
        rows = [(line["line"], line.get("id"), line.get("code"), line.get("detail")) for line in refused]
        table("Refused", ("line", "id", "code", "why"), rows)
    counts = ", ".join(f"{report[name]} {name}" for name in ("created", "revised", "unchanged", "refused"))
    say(f"{'Would be' if dry_run else 'Done'}: {counts}.")

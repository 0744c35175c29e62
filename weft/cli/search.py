"""Commands about the index: proving that it equals the databases, and building it anew."""

from pathlib import Path
from typing import Annotated

import typer

from weft.cli.client import NodeClient
from weft.cli.output import as_json, say

app = typer.Typer(help="The interregional index.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("verify")
def verify(folder: Folder, json_: Json = False) -> None:
    """Compare the index with the database. Exit code 1 when they differ; the differing keys are named.

    Example: weft search verify /srv/weft
    """
    told = NodeClient(folder, seconds=600).get("/api/v1/search/verify")
    if json_:
        as_json(told)
    else:
        for what in ("missing", "extra", "stale"):
            for key in told[what]:
                say(f"{what}: {key}")
        say("The index equals the database." if told["equal"] else "The index differs; run: weft search rebuild")
    raise typer.Exit(0 if told["equal"] else 1)


@app.command("rebuild")
def rebuild(folder: Folder, json_: Json = False) -> None:
    """Build the index anew from the database; searching goes on meanwhile.

    Example: weft search rebuild /srv/weft
    """
    told = NodeClient(folder, seconds=3600).post("/api/v1/search/rebuild")
    if json_:
        as_json(told)
    else:
        say(f"Indexed {told['documents']} documents in {told['seconds']:.1f} s.")

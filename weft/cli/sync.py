"""Commands about replication: how it stands, and proving that copies are equal."""

from pathlib import Path
from typing import Annotated, Any

import typer

from weft.cli.client import NodeClient
from weft.cli.output import as_json, say, table

app = typer.Typer(help="Replication with peers.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("status")
def status(folder: Folder, json_: Json = False) -> None:
    """Show how every feed of every peer stands. Exit code 1 unless all copies are equal to their origins.

    Example: weft sync status /srv/weft
    """
    told = NodeClient(folder).get("/api/v1/sync/status")
    if json_:
        as_json(told)
    else:
        _draw(told)
    raise typer.Exit(0 if told["equal"] else 1)


def _draw(told: dict[str, Any]) -> None:
    columns = ("feed", "state", "behind", "for", "records", "equal to the origin at", "why")
    rows = [
        (
            feed["feed"],
            feed["state"],
            _unknown(feed["behind_commits"]),
            f"{feed['behind_seconds']:.0f} s" if feed["behind_seconds"] else _unknown(feed["behind_seconds"]),
            feed["count"],
            feed["equal_at"],
            feed["why"],
        )
        for feed in told["feeds"]
    ]
    table(f"{told['node']}, as seen at {told['seen_at']}", columns, rows)
    late = [copy for copy in told["copies"] if not copy["equal"]]
    if late:
        lines = [(copy["service"], copy["feed"], copy["state"], copy["why"]) for copy in late]
        table("Services that are not equal to sync", ("service", "feed", "state", "why"), lines)
    if told["refusals"]:
        lines = [(item["at"], item["feed"], item["code"], item["why"]) for item in told["refusals"][:10]]
        table("Refused, newest first", ("at", "feed", "code", "why"), lines)
    say("All copies are equal." if told["equal"] else "Not all copies are equal.")


def _unknown(value: object) -> object:
    return "unknown" if value is None else value


@app.command("verify")
def verify(folder: Folder, json_: Json = False) -> None:
    """Count every copy again from its rows and compare it with its origin. Exit code 1 when one is not equal.

    Example: weft sync verify /srv/weft --json
    """
    told = NodeClient(folder, seconds=600).post("/api/v1/sync/verify")
    if json_:
        as_json(told)
    else:
        rows = [
            (
                check["service"],
                check["feed"],
                "equal" if check["equal"] else "NOT EQUAL",
                check["applied"],
                check["why"],
            )
            for check in told["checks"]
        ]
        table(f"{told['node']}: every copy counted again", ("service", "feed", "result", "cursor", "why"), rows)
        for check in told["checks"]:
            for key in check["keys"]:
                say(f"{check['service']}: {key}")
    raise typer.Exit(0 if told["equal"] else 1)

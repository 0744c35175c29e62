"""Commands about peers: finding one, saying yes to one, listing them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from weft.cli.client import Failed, NodeClient
from weft.cli.output import as_json, say, table

app = typer.Typer(help="Other nodes: both sides must say yes.", no_args_is_help=True)
Folder = Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask: the fingerprint was compared already.")]


@app.command("add")
def add(
    folder: Folder, url: Annotated[str, typer.Argument(help="Address of the other node's gateway.")], yes: Yes = False
) -> None:
    """Find a node by its address and approve it, after its fingerprint was compared with its operator.

    Example: weft peer add /srv/weft https://weft.eca.example
    """
    client = NodeClient(folder)
    _approve(client, client.post("/api/v1/sync/peers", {"url": url.rstrip("/")}), yes)


@app.command("accept")
def accept(folder: Folder, name: Annotated[str, typer.Argument(help="The node that asks.")], yes: Yes = False) -> None:
    """Approve a node that asked to be a peer.

    Example: weft peer accept /srv/weft eca
    """
    client = NodeClient(folder)
    found = [peer for peer in client.get("/api/v1/sync/peers")["items"] if peer["name"] == name]
    if not found:
        raise Failed(f"{name} has not asked", "See who asks with: weft peer list")
    _approve(client, found[0], yes)


def _approve(client: NodeClient, peer: dict[str, Any], yes: bool) -> None:
    say(f"{peer['name']} ({peer['title']}) at {peer['url']}")
    say(f"Fingerprint of its key: {peer['fingerprint']}")
    if not yes and not typer.confirm("Did its operator read you the same fingerprint?"):
        raise typer.Exit(1)
    client.post(f"/api/v1/sync/peers/{peer['name']}/approve", {"fingerprint": peer["fingerprint"]})
    say(f"{peer['name']} is approved here. It must approve this node too: weft peer accept … {client.settings.node}")


@app.command("list")
def list_(folder: Folder, json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the nodes that were found, ask, or are approved.

    Example: weft peer list /srv/weft
    """
    found = NodeClient(folder).get("/api/v1/sync/peers")
    if json_:
        as_json(found)
        return
    rows = [(peer["name"], peer["title"], peer["state"], peer["url"], peer["fingerprint"]) for peer in found["items"]]
    table("Peers", ("name", "title", "state", "address", "fingerprint"), rows)

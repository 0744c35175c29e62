"""Commands for a broker that others run: the files of a cluster's members."""

from pathlib import Path
from typing import Annotated

import typer

from weft.cli.client import Failed
from weft.cli.output import say
from weft.keys import NodeKeys
from weft.nats.cluster import Member, render
from weft.settings import Settings

app = typer.Typer(help="NATS servers that run apart from the node.", no_args_is_help=True)
CLUSTERS = (1, 3, 5)


@app.command("render")
def render_(
    folder: Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)],
    to: Annotated[Path, typer.Argument(help="Folder for the files: one in it for each member.", file_okay=False)],
    members: Annotated[str, typer.Option(help="Hosts under which they are reached, with commas: a,b,c or a:4222,…")],
    home: Annotated[Path | None, typer.Option(help="Where the files will lie on each member's machine.")] = None,
) -> None:
    """Write what nats-server needs on each machine of a cluster (or on one), in this node's trust.

    Keep the files as you keep the node's keys: they hold the key of the broker's TLS certificate.

    Example: weft broker render /srv/weft ./nats --members nats1.eclac.example,nats2.eclac.example,nats3.eclac.example
    """
    try:
        wanted = [Member.parse(text) for text in members.split(",")]
    except ValueError as error:
        raise Failed(str(error), "Give hosts with commas between them.") from None
    if len(wanted) not in CLUSTERS or len(set(wanted)) != len(wanted):
        raise Failed(f"{len(wanted)} members", "A cluster has three or five different ones: an even one gains nothing.")
    keys, settings = NodeKeys.open(folder), Settings.read(folder)
    for member, written in render(settings.node, keys.trust, wanted, to, home).items():
        say(f"{member.host}: nats-server -c {(home or written) / 'server.conf'}")
    urls = ",".join(member.url for member in wanted)
    say(f'Then in {folder / "node.toml"}:\nnats_url = "{urls}"\nnats_public_url = "{urls}"')
    if len(wanted) > 1:
        say("nats_replicas = 3")

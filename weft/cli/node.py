"""Commands that make and run a node: init, up, serve, and its keys."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from weft import assembly, logs
from weft.cli.client import Failed, NodeClient
from weft.cli.output import as_json, say, table
from weft.keys import NodeKeys, create
from weft.protocol.names import participant
from weft.protocol.refusals import Malformed
from weft.settings import Settings

Folder = Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)]
keys = typer.Typer(help="API keys of people and programs.", no_args_is_help=True)

ROLES = ("reader", "editor", "reviewer", "operator")
PARTS = ("catalog", "indicators", "search", "sync", "gateway", "broker")


def init(
    folder: Folder,
    node: Annotated[str, typer.Option(help="Short name in the network, like eclac; it can never change.")],
    title: Annotated[str, typer.Option(help="Name that people read.")] = "",
    port: Annotated[int, typer.Option(help="Port of the gateway.")] = 8400,
    url: Annotated[str, typer.Option(help="Address under which peers reach the gateway.")] = "",
    nats_port: Annotated[int, typer.Option(help="Port of the node's NATS server.")] = 4222,
) -> None:
    """Make a new node: its keys and its settings.

    The recovery key is printed once. Keep it away from this machine: it alone can revoke the node's other keys.

    Example: weft init /srv/weft --node eclac --title "ECLAC, Santiago" --url https://weft.eclac.example
    """
    try:
        participant(node)
    except Malformed as error:
        raise Failed(error.why, "Use small letters, digits and hyphens, at most 32.") from None
    if (folder / "node.toml").exists():
        raise Failed(f"{folder} already holds a node", f"Start it with: weft up {folder}")
    made = create(folder)
    lines = {"node": node, "title": title or node.upper(), "url": url}
    text = "".join(f"{name} = {_toml(value)}\n" for name, value in lines.items() if value)
    (folder / "node.toml").write_text(f"{text}port = {port}\nnats_port = {nats_port}\n", encoding="utf-8")
    say(f"Node {node} is in {folder}. Its key's fingerprint: {made.keys.identity.public.fingerprint}")
    say(f"Recovery key (shown once, keep it offline): {made.recovery_key}")
    say(f"Start it with: weft up {folder}")


def _toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def up(folder: Folder) -> None:
    """Run a whole node: its NATS server and all its services in one process.

    Example: weft up /srv/weft
    """
    settings, node_keys = _opened(folder)
    asyncio.run(assembly.up(settings, node_keys))


def serve(
    part: Annotated[str, typer.Argument(help=f"One of {', '.join(PARTS)}.")],
    folder: Folder,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Run one service of a node in a process of its own; WEFT_CATALOG_URL and the like say where the others are.

    Example: WEFT_NATS_URL=nats://127.0.0.1:4222 weft serve catalog /srv/weft --port 8411
    """
    if part not in PARTS:
        raise Failed(f"there is no service {part}", f"Services are {', '.join(PARTS)}.")
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    public = Settings.read(folder).public_url  # peers come to the gateway, wherever this one part listens
    settings, node_keys = _opened(folder, **given, url=public)
    if part == "broker":
        asyncio.run(assembly.only_broker(settings, node_keys))
    else:
        asyncio.run(assembly.alone(part, settings, node_keys))


def _opened(folder: Path, **given: object) -> tuple[Settings, NodeKeys]:
    node_keys = NodeKeys.open(folder)
    settings = Settings.read(folder, **given)
    logs.configure(settings.log_level, settings.node)
    return settings, node_keys


@keys.command("create")
def create_key(
    folder: Folder,
    name: Annotated[str, typer.Option(help="Whom or what it is for.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.")] = "reader",
    json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make an API key. It is shown once.

    Example: weft key create /srv/weft --name "Ana, editor" --role editor
    """
    made = NodeClient(folder).post("/api/v1/keys", {"name": name, "role": role})
    if json_:
        as_json(made)
    else:
        say(f"Key for {name} ({role}), shown once: {made['secret']}")


@keys.command("list")
def list_keys(folder: Folder, json_: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List the API keys.

    Example: weft key list /srv/weft
    """
    found = NodeClient(folder).get("/api/v1/keys")
    if json_:
        as_json(found)
        return
    rows = [(item["id"], item["name"], item["role"], item["created_at"]) for item in found["items"]]
    table("API keys", ("id", "name", "role", "made"), rows)


@keys.command("revoke")
def revoke_key(folder: Folder, key: Annotated[str, typer.Argument(help="The key's id.")]) -> None:
    """Revoke an API key at once.

    Example: weft key revoke /srv/weft 3f2a
    """
    NodeClient(folder).send("DELETE", f"/api/v1/keys/{key}")
    say(f"Key {key} is revoked.")

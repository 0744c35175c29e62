"""The command that asks one part of a node whether it is ready: a container's health check, which needs no shell."""

import socket
from pathlib import Path
from typing import Annotated

import httpx
import typer

from weft.cli.client import Failed
from weft.cli.output import say
from weft.settings import Settings
from weft.wiring import SERVICES

PARTS = (*SERVICES, "gateway", "broker")
SECONDS = 5.0
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # where a part listens, and where it is asked


def health(
    part: Annotated[str, typer.Argument(help=f"One of {', '.join(PARTS)}.")],
    folder: Annotated[Path, typer.Argument(help="The node's folder.", file_okay=False)],
    port: Annotated[int | None, typer.Option(help="Port that it listens on, where it was given one.")] = None,
) -> None:
    """Ask a part of the node on this machine whether it is ready. Exit code 1 when it is not.

    Example: weft health catalog /srv/weft --port 8411
    """
    if part not in PARTS:
        raise Failed(f"there is no part {part}", f"Parts are {', '.join(PARTS)}.")
    settings = Settings.read(folder)
    if part == "broker":
        _listens(_near(settings.nats_host), port or settings.nats_port)
    else:
        _ready(part, _near(settings.host), port or settings.port)
    say("ready")


def _near(host: str) -> str:
    return EVERYWHERE.get(host, host)


def _listens(host: str, port: int) -> None:
    try:
        socket.create_connection((host, port), SECONDS).close()
    except OSError as error:
        raise Failed(f"the broker does not listen on {host}:{port}: {error}") from None


def _ready(part: str, host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    try:
        answer = httpx.get(f"http://{shown}:{port}/readyz", timeout=SECONDS, trust_env=False)
    except httpx.HTTPError as error:
        raise Failed(f"{part} does not answer on {host}:{port}: {error}") from None
    if answer.status_code != httpx.codes.OK:
        raise Failed(f"{part} is not ready: {answer.text[:500]}")

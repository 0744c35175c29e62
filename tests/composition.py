"""docker-compose.yml as tests read it: its services as plain values, with what is left to `.env` filled in."""

import re
from functools import cache
from typing import Any

import yaml

from tests.architecture.sources import ROOT
from weft.cli.health import PARTS

FILE = ROOT / "docker-compose.yml"
FOLDER = "/srv/weft"
SECRETS = "/run/secrets"
PROGRAM = "/opt/weft/bin/weft"
_LEFT_OPEN = re.compile(r"\$\{([A-Z_]+):(?:-([^}]*)|\?[^}]*)\}")


@cache
def composition() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return told


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = composition()["services"]
    return found


def ours() -> dict[str, dict[str, Any]]:
    """The parts of a node, and where commands are run."""
    return {name: service for name, service in services().items() if name in {*PARTS, "weft"}}


def environment(service: dict[str, Any], given: dict[str, str]) -> dict[str, str]:
    """What a service's variables are, with what `.env` gives."""

    def filled(found: re.Match[str]) -> str:
        name, default = found.groups()
        if name in given:
            return given[name]
        assert default is not None, f"{name} must be given"
        return default

    return {name: _LEFT_OPEN.sub(filled, str(value)) for name, value in service.get("environment", {}).items()}

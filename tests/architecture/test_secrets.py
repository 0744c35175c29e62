"""No secret is in what is shipped, as detect-secrets finds them. Tests and examples have made-up ones, which are no secrets."""

import json
import subprocess
import sys
from pathlib import Path

from tests.architecture.sources import ROOT

SHIPPED = ("weft", "services", "gateway", "deploy", "docs", "docker-compose.yml", "Makefile", "pyproject.toml")
MADE_UP = "weft:(PASSWORD|%s)@"
"""Where a reader of the documentation, or a script, puts one."""


def test_no_secret_is_in_what_is_shipped() -> None:
    command = [Path(sys.executable).with_name("detect-secrets"), "scan", "--no-verify", "--exclude-lines", MADE_UP]
    command += ["--exclude-files", r"protocol-vectors\.json", *SHIPPED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=True)
    found = json.loads(done.stdout)["results"]
    assert {file: [each["type"] for each in secrets] for file, secrets in found.items()} == {}

"""An Elasticsearch of a test's own, that it may kill, freeze and start again. `WEFT_TEST_SERVICES` says from where."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import httpx
import pytest

_SCRIPTS = Path(os.environ.get("WEFT_TEST_SERVICES", "")) / "elasticsearch"
_RUNS = Path(os.environ.get("WEFT_SERVICES_DIR", "/var/tmp/weft-services"))
_PATIENCE = 180
_TRANSPORT = 100  # above the port of its API


class OwnServer:
    """It begins empty at every start."""

    def __init__(self) -> None:
        if not os.environ.get("WEFT_TEST_SERVICES"):
            pytest.skip("WEFT_TEST_SERVICES is not the folder of scripts that start an Elasticsearch")
        self.port = _free()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers, longer than the script does: a busy machine takes its time."""
        self._run("start", "--heap", "512m")
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            assert time.monotonic() < end, "Elasticsearch does not start"
            time.sleep(0.5)  # what is waited for has no event

    def stop(self) -> None:
        self._run("stop")

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/_cluster/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        os.kill(int((_RUNS / f"elasticsearch-run-{self.port}" / "pid").read_text()), number)

    def _run(self, script: str, *more: str) -> None:
        # What it starts outlives it, and would keep a pipe open.
        subprocess.run(
            [_SCRIPTS / script, "--port", str(self.port), *more],
            check=False,
            timeout=_PATIENCE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def _free() -> int:
    for port in range(19_300, 19_400):
        try:
            for wanted in (port, port + _TRANSPORT):
                socket.create_server(("127.0.0.1", wanted)).close()
        except OSError:
            continue
        return port
    raise RuntimeError("no free port for an Elasticsearch")

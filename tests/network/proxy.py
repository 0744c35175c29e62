"""deploy/proxy/nginx.conf run by a real nginx in front of a node on this machine, at ports of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import httpx

from tests.architecture.sources import ROOT
from weft.cli.client import Failed
from weft.demo.local import free_ports
from weft.demo.visitor import until

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING = "nginx is not installed: nothing ends TLS in front of a node here"


class Proxy:
    """Runs from `start` to `stop`. What its image says by its file system is said here by other paths and ports."""

    def __init__(self, folder: Path, secrets: Path, gateway: int) -> None:
        folder.mkdir()
        self.port, self._plain = free_ports(2)
        text = (ROOT / "deploy" / "proxy" / "nginx.conf").read_text(encoding="utf-8")
        for there, here in (
            ("listen 8443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("listen 8080", f"listen 127.0.0.1:{self._plain}"),
            ("gateway:8400", f"127.0.0.1:{gateway}"),
            (" /tmp/", f" {folder}/"),
            (" /run/secrets/", f" {secrets}/"),
            ("/dev/stderr", f"{folder}/error.log"),
            ("/dev/stdout", f"{folder}/access.log"),
        ):
            assert there in text, there
            text = text.replace(there, here)
        if os.getuid() == 0:
            text = f"user root;\n{text}"  # its workers have to reach the test's folder
        self._file = folder / "nginx.conf"
        self._file.write_text(text, encoding="utf-8")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def start(self) -> None:
        assert PROGRAM
        with (self._folder / "said").open("ab") as said:
            self._process = subprocess.Popen(
                [PROGRAM, "-c", self._file, "-p", self._folder, "-g", "daemon off;"], stdout=said, stderr=said
            )

        until("the proxy is healthy", self._healthy)

    def _healthy(self) -> bool:
        """What the composition's own check asks."""
        assert self._process
        if self._process.poll() is not None:
            raise Failed(f"nginx has ended: {(self._folder / 'said').read_text()}")
        try:
            return httpx.get(f"http://127.0.0.1:{self._plain}/proxy-healthz", trust_env=False).status_code == 204
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

"""Nodes on this machine: made, started as processes of their own, watched, killed. Also for tests and benchmarks."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

import httpx

from weft.cli.client import Failed, NodeClient
from weft.keys import create
from weft.nats.process import LEASH
from weft.settings import Settings
from weft.tls import trusted

READY_SECONDS = 60.0
STOP_SECONDS = 30.0
GENEROUS = ("requests_per_minute = 60000", "writes_per_minute = 60000")
"""Limits of a node that one machine plays all callers of."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


@dataclass
class LocalNode(AbstractContextManager["LocalNode"]):
    """A node in a folder, run by `weft up` in a child process that does not outlive this one."""

    name: str
    folder: Path
    title: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    """More lines of its node.toml."""
    _process: subprocess.Popen[bytes] | None = None

    def make(self, ports: tuple[int, int] | None = None) -> None:
        """Make the node unless it is there: keys, settings, ports for the gateway and the broker."""
        if (self.folder / "node.toml").exists():
            return
        port, nats_port = ports or tuple(free_ports(2))
        create(self.folder)
        lines = [
            f'node = "{self.name}"',
            f'title = "{self.title or self.name.upper()}"',
            f"port = {port}",
            f"nats_port = {nats_port}",
            *GENEROUS,
            *self.settings,
        ]
        (self.folder / "node.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def start(self, *arguments: str) -> None:
        """Start `weft up`, or what the arguments say; its log goes to the node's folder."""
        command = [sys.executable, "-m", "weft", *(arguments or ("up", str(self.folder)))]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid()), *command]
        with (self.folder / "log.jsonl").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own command
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **self.environment},
            )

    def wait_ready(self, seconds: float = READY_SECONDS) -> None:
        """Until the gateway says that everything is ready.

        Raises:
            Failed: it ended, or takes too long.
        """
        until = time.monotonic() + seconds
        with httpx.Client(base_url=self.url, timeout=5, verify=trusted()) as client:
            while time.monotonic() < until:
                if self._process is not None and self._process.poll() is not None:
                    ended = f"{self.name} ended with {self._process.returncode}"
                    raise Failed(ended, f"See {self.folder / 'log.jsonl'}")
                try:
                    if client.get("/readyz").status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                time.sleep(0.05)
        raise Failed(f"{self.name} was not ready within {seconds:.0f} s", f"See {self.folder / 'log.jsonl'}")

    @property
    def operator(self) -> NodeClient:
        """The node as its operator sees it."""
        return NodeClient(self.folder)

    @cached_property
    def url(self) -> str:
        return f"http://127.0.0.1:{Settings.read(self.folder).port}"

    @property
    def pid(self) -> int | None:
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    def stop(self) -> int | None:
        """Ask it to end, as an operator would; its exit code, None when it had to be killed or did not run."""
        code = None
        if self._process is not None:
            self._process.terminate()
            try:
                code = self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None
        return code

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def pair(nodes: list[LocalNode]) -> None:
    """Approve every node at every other one, fingerprints compared."""

    def approve_others(node: LocalNode) -> None:
        operator = node.operator
        for other in nodes:
            if other is not node:
                found = operator.post("/api/v1/sync/peers", {"url": other.url})
                if found["state"] != "approved":
                    operator.post(f"/api/v1/sync/peers/{other.name}/approve", {"fingerprint": found["fingerprint"]})

    with ThreadPoolExecutor(len(nodes)) as pool:
        list(pool.map(approve_others, nodes))


def key_for(node: LocalNode, role: str) -> str:
    """An API key of a role, made once and kept in the node's folder."""
    file = node.folder / f"{role}.key"
    if not file.exists():
        made = node.operator.post("/api/v1/keys", {"name": f"demo {role}", "role": role})
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            out.write(made["secret"])
    return file.read_text()


def resident(pid: int) -> int:
    """Resident memory of a process and all its descendants, in bytes (Linux)."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        below = [int(child) for child in children.read_text().split()]
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(resident(child) for child in below)

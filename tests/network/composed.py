"""A node as docker-compose.yml composes it: the same commands in the same environment, each a process of its own.

What containers give is given otherwise: names of services become ports on loopback, secrets and volumes become folders.
"""

import re
import shutil
import ssl
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg

from tests.architecture.sources import ROOT
from tests.composition import FOLDER, SECRETS, environment, services
from tests.network.postgres import Cluster
from tests.network.proxy import Proxy
from tests.promises.desk import UNHURRIED
from weft.cli.client import Failed
from weft.cli.health import PARTS
from weft.demo.local import LocalNode, free_ports
from weft.demo.visitor import until

SECONDS = 120


@dataclass
class ComposedNode:
    """`authority` is the file of whom its processes trust beyond this machine; `elasticsearch` may be empty: then no other."""

    name: str
    folder: Path
    cluster: Cluster
    authority: Path
    certificate: tuple[Path, Path]
    elasticsearch: str = ""
    parts: dict[str, LocalNode] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.node = LocalNode(self.name, self.folder / "node")
        self.ports = dict(zip(PARTS, free_ports(len(PARTS)), strict=True))
        self.secrets = self._made_secrets()
        self.proxy = Proxy(self.folder / "proxy", self.secrets, self.ports["gateway"])
        self._make_databases()

    @property
    def url(self) -> str:
        return self.proxy.url

    def environment(self, part: str) -> dict[str, str]:
        """What the composition gives this part, at home here."""
        told = environment(services()[part], {"WEFT_URL": self.url})
        if not self.elasticsearch:
            told.pop("WEFT_ELASTICSEARCH_URL", None)
        here = {name: self._here(value, part) for name, value in told.items()}
        if "FORWARDED_ALLOW_IPS" in here:
            here["FORWARDED_ALLOW_IPS"] = "127.0.0.1"
        return {**here, **UNHURRIED, "SSL_CERT_FILE": str(self.authority)}

    def command(self, part: str) -> list[str]:
        return [self._here(word, part) for word in services()[part]["command"]]

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """`docker compose run --rm weft …`"""
        return self._weft(list(map(str, arguments)), "weft")

    def start(self) -> None:
        """Every part as soon as what it depends on is healthy, as the composition asks."""
        for part in sorted(PARTS, key=self._depth):
            self.parts[part] = LocalNode(self.name, self.folder / "node", environment=self.environment(part))
            self.parts[part].start(*self.command(part))
            if part in {"broker", "gateway"}:
                until(f"{part} of {self.name} is healthy", lambda part=part: self.healthy(part), SECONDS)  # type: ignore[misc]
        self.proxy.start()

    def healthy(self, part: str) -> bool:
        """What the composition's own health check says."""
        process = self.parts[part]
        if process.pid is None:
            raise Failed(f"{part} of {self.name} has ended", f"See {self.folder / 'node' / 'log.jsonl'}")
        command = [self._here(word, part) for word in services()[part]["healthcheck"]["test"][2:]]
        return self._weft(command, part).returncode == 0

    def stop(self) -> None:
        self.proxy.stop()
        for part in self.parts.values():
            part.kill()

    def visitor(self) -> httpx.Client:
        """Somebody who comes through the proxy and trusts the authority."""
        return httpx.Client(base_url=self.url, verify=ssl.create_default_context(cafile=self.authority), timeout=60)

    def _weft(self, arguments: list[str], part: str) -> subprocess.CompletedProcess[str]:
        given = self.environment(part)
        return subprocess.run(
            [sys.executable, "-m", "weft", *arguments],
            env={"PATH": "/usr/bin:/bin", **given},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def _here(self, value: str, part: str) -> str:
        """A value of the composition, at home on this machine."""
        for name, port in self.ports.items():
            value = re.sub(rf"(?<=//){name}:\d+", f"127.0.0.1:{port}", value)
            value = "127.0.0.1" if value == name and part == "weft" else value
        value = value.replace("tls://127.0.0.1:4222", f"tls://127.0.0.1:{self.ports['broker']}")
        value = value.replace("http://elasticsearch:9200", self.elasticsearch)
        value = {"0.0.0.0": "127.0.0.1", "4222": str(self.ports["broker"])}.get(value, value)
        if value == "8400":
            value = str(self.ports.get(part, self.ports["gateway"]))
        return value.replace(SECRETS, str(self.secrets)).replace(FOLDER, str(self.folder / "node"))

    def _depth(self, part: str) -> int:
        """How many parts of ours must be there before this one."""
        wanted: dict[str, Any] = services()[part].get("depends_on", {})
        return 2 if part == "gateway" else len(set(wanted) & set(PARTS))

    def _made_secrets(self) -> Path:
        """What deploy/secrets.sh makes, with the addresses of this machine and a certificate that somebody issued."""
        script = shutil.copy(ROOT / "deploy" / "secrets.sh", self.folder)
        subprocess.run(["sh", script, "127.0.0.1"], check=True, capture_output=True, timeout=60)
        made = self.folder / "secrets"
        database = made / "database_url"
        url = database.read_text().replace("@postgres:5432/", f"@127.0.0.1:{self.cluster.port}/")
        for name, data in {
            "database_url": url.encode(),
            "tls_certificate": self.certificate[0].read_bytes(),
            "tls_key": self.certificate[1].read_bytes(),
        }.items():
            (made / name).unlink()
            (made / name).write_bytes(data)
        return made

    def _make_databases(self) -> None:
        """What PostgreSQL's container runs when it is new."""
        text = (ROOT / "deploy" / "postgres" / "databases.sql").read_text()
        server = {"host": "127.0.0.1", "port": self.cluster.port, "user": "weft", "dbname": "postgres"}
        with psycopg.connect(**server, autocommit=True) as connection:  # type: ignore[arg-type]
            for line in text.splitlines():
                if line and not line.startswith("--"):
                    connection.execute(line.encode())

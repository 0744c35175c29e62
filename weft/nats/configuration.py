"""The nats-server's configuration file, written anew before every start. Holds no secret: keys stay with the trust."""

import json
from dataclasses import dataclass
from pathlib import Path

from weft.nats.address import loopback
from weft.nats.certificate import Tls
from weft.nats.trust import Trust

MIB = 1 << 20
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # where it listens, and where it is called


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """The other members, and where this one listens for them. They know each other by the certificate that all show."""

    name: str
    host: str
    port: int
    routes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator may choose. Port 0 takes a free one; off loopback TLS is mandatory."""

    name: str
    host: str = "127.0.0.1"
    port: int = 0
    tls: Tls | None = None
    cluster: Cluster | None = None
    monitor_port: int | None = None
    sync_interval: str = "always"
    max_payload: int = MIB + MIB // 8
    max_store: int = 4096 * MIB
    max_memory: int = 16 * MIB
    max_connections: int = 512

    def __post_init__(self) -> None:
        if not self.tls and not loopback(self.host):
            raise ValueError(f"{self.host} is not a loopback address: set a TLS certificate and key, or use 127.0.0.1")
        if self.cluster and not self.tls:
            raise ValueError("the members of a cluster know each other by their TLS certificate: set one")

    def near(self) -> str:
        """The host by which processes on this machine reach it."""
        return EVERYWHERE.get(self.host, self.host)

    def url(self, port: int) -> str:
        host = f"[{self.near()}]" if ":" in self.host else self.near()
        return f"{'tls' if self.tls else 'nats'}://{host}:{port}"


def configuration(settings: Settings, port: int, folder: Path, trust: Trust) -> str:
    """The text of the file.

    The accounts are preloaded from the trust, so that from its first moment the server knows who has been cut off
    while it was down; pushed claims only change it while it runs.
    """
    accounts = "\n".join(f"  {public}: {jwt}" for public, jwt in trust.accounts().items())
    lines = [
        f"server_name: {_text(settings.name)}",
        f"host: {_text(settings.host)}",
        f"port: {port}",
        f"pid_file: {_text(folder / 'server.pid')}",
        f"log_file: {_text(folder / 'server.log')}",
        f"logfile_size_limit: {4 * MIB}",
        "logfile_max_num: 3",
        f"max_payload: {settings.max_payload}",
        f"max_connections: {settings.max_connections}",
        # A peer that does not read is cut off rather than buffered for.
        "max_pending: 16777216",
        'write_deadline: "30s"',
        'ping_interval: "20s"',
        "ping_max: 2",
        "jetstream {",
        f"  store_dir: {_text(folder / 'store')}",
        f"  sync_interval: {settings.sync_interval}",
        f"  max_file_store: {settings.max_store}",
        f"  max_memory_store: {settings.max_memory}",
        "}",
        f"operator: {trust.operator_jwt()}",
        f"system_account: {trust.system.public}",
        f'resolver {{\n  type: full\n  dir: {_text(folder / "accounts")}\n  limit: 100\n  interval: "2m"\n}}',
        f"resolver_preload {{\n{accounts}\n}}",
    ]
    if settings.monitor_port is not None:
        lines.append(f'http: "127.0.0.1:{settings.monitor_port}"')
    if settings.tls:
        # Handshake first: nothing is said in the clear, so nothing can be stripped.
        lines += ["tls {", *_shown(settings.tls), "  handshake_first: true", "  timeout: 5", "}"]
    if settings.tls and settings.cluster:
        cluster = settings.cluster
        lines += ["cluster {", f"  name: {_text(cluster.name)}", f"  listen: {_text(f'{cluster.host}:{cluster.port}')}"]
        lines += [f"  routes: [{', '.join(map(_text, cluster.routes))}]", "  tls {", *_shown(settings.tls)]
        lines += [f"  ca_file: {_text(settings.tls.certificate)}", "  verify: true", "  timeout: 5", "  }", "}"]
    return "\n".join(lines) + "\n"


def _shown(tls: Tls) -> list[str]:
    return [f"  cert_file: {_text(tls.certificate)}", f"  key_file: {_text(tls.key)}"]


def _text(value: str | Path) -> str:
    return json.dumps(str(value), ensure_ascii=False)

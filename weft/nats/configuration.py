"""The nats-server's configuration file, written anew before every start. Holds no secret: keys stay with the trust."""

import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from weft.nats.trust import Trust

MIB = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Tls:
    """The server's certificate and key, and the authority that clients' certificates must come from, if any."""

    certificate: Path
    key: Path
    authority: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an operator may choose. Port 0 takes a free one; off loopback TLS is mandatory."""

    name: str
    host: str = "127.0.0.1"
    port: int = 0
    tls: Tls | None = None
    monitor_port: int | None = None
    sync_interval: str = "always"
    max_payload: int = MIB + MIB // 8
    max_store: int = 4096 * MIB
    max_memory: int = 16 * MIB
    max_connections: int = 512

    def __post_init__(self) -> None:
        if not self.tls and not loopback(self.host):
            raise ValueError(f"{self.host} is not a loopback address: set a TLS certificate and key, or use 127.0.0.1")


def loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
        lines += ["tls {", f"  cert_file: {_text(settings.tls.certificate)}", f"  key_file: {_text(settings.tls.key)}"]
        if settings.tls.authority:
            lines += [f"  ca_file: {_text(settings.tls.authority)}", "  verify: true"]
        lines += ["  handshake_first: true", "  timeout: 5", "}"]
    return "\n".join(lines) + "\n"


def _text(value: str | Path) -> str:
    return json.dumps(str(value), ensure_ascii=False)

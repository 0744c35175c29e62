"""The files of a cluster's members: for nats-servers that others start, on machines of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from weft.nats import certificate
from weft.nats.address import loopback
from weft.nats.certificate import Tls
from weft.nats.configuration import Cluster, Settings, configuration
from weft.nats.trust import Trust

CLIENTS_PORT = 4222
ROUTES_ABOVE = 2000
"""Members find each other on the port of their clients and so many more: 6222 beside 4222."""
LAST_PORT = 65_535 - ROUTES_ABOVE


@dataclass(frozen=True)
class Member:
    """A server by the name under which the others, the node and its peers reach it."""

    host: str
    port: int = CLIENTS_PORT

    def __post_init__(self) -> None:
        if not self.host or not 0 < self.port <= LAST_PORT or set(self.host) & set("/@:, \t"):
            raise ValueError(f"not a member, like nats1.example.org or nats1.example.org:4222: {self.host}:{self.port}")

    @classmethod
    def parse(cls, text: str) -> "Member":
        """
        Raises:
            ValueError: it is none.
        """
        host, _, port = text.strip().partition(":")
        return cls(host, int(port)) if port else cls(host)

    @property
    def url(self) -> str:
        return f"tls://{self.host}:{self.port}"

    @property
    def name(self) -> str:
        return f"{self.host}-{self.port}"

    @property
    def routes_port(self) -> int:
        return self.port + ROUTES_ABOVE


def render(node: str, trust: Trust, members: Sequence[Member], to: Path, home: Path | None) -> dict[Member, Path]:
    """Write a folder for each member: its configuration, the certificate and the key that all of them show.

    `home`: where the folder's content will lie on the member's machine; None: it is run where it was written. The node's
    key for TLS stays what it was, so peers need not hear anything.
    """
    tls = certificate.ensure(trust.folder, [member.host for member in members])
    written = {}
    for member in members:
        folder = to.absolute() / member.name
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        at = home or folder
        for file in (tls.certificate, tls.key):
            certificate.write(folder / file.name, file.read_bytes())
        text = configuration(_settings(node, member, members, at), member.port, at, trust)
        certificate.write(folder / "server.conf", text.encode())
        written[member] = folder
    return written


def _settings(node: str, member: Member, members: Sequence[Member], at: Path) -> Settings:
    host = member.host if loopback(member.host) else "0.0.0.0"  # noqa: S104  # it speaks TLS alone
    others = tuple(f"nats-route://{other.host}:{other.routes_port}" for other in members if other != member)
    return Settings(
        name=f"{node}-{member.name}",
        host=host,
        port=member.port,
        tls=Tls(certificate=at / "tls.pem", key=at / "tls.key"),
        cluster=Cluster(name=node, host=host, port=member.routes_port, routes=others),
    )

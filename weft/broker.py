"""The node's broker as its settings say: its own server or one elsewhere, what it is known by, and what peers are told."""

import ssl
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from weft.keys import NodeKeys
from weft.nats import certificate
from weft.nats.address import loopback, near, secure
from weft.nats.certificate import Tls
from weft.nats.configuration import Settings as ServerSettings
from weft.nats.server import NatsServer
from weft.settings import Settings
from weft.tls import trusted


def server_settings(settings: Settings) -> ServerSettings:
    """How the node's own server listens, and what it shows: what the settings name, or what the node made for itself."""
    host, tls = settings.nats_host, None
    if settings.nats_certificate and settings.nats_key:
        tls = Tls(certificate=settings.nats_certificate, key=settings.nats_key)
    elif not loopback(host):
        tls = certificate.ensure(settings.data / "keys" / "nats")
    return ServerSettings(name=settings.node, host=host, port=settings.nats_port, tls=tls)


def own(settings: Settings, keys: NodeKeys) -> NatsServer:
    """The node's own server, not started."""
    return NatsServer(settings.data / "nats", keys.trust, server_settings(settings))


@dataclass(frozen=True)
class Broker:
    """Where the node's services reach it, and where peers do: empty when they cannot, and pull over HTTPS."""

    url: str
    public_url: str
    certificate: str = ""
    """In PEM; empty: it speaks without TLS, or somebody vouches for it whom everybody trusts."""

    @classmethod
    def of(cls, settings: Settings, url: str = "") -> Self:
        """As the settings say; `url`: of the server that this process has started.

        Peers are told nothing that they could not check: off loopback, an address counts only with a key to pin.
        """
        url = settings.nats_url or url or server_settings(settings).url(settings.nats_port)
        shown = _shown(settings) if secure(url) else ""
        public = settings.nats_public_url or url
        hidden = near(public) and not loopback(urlsplit(settings.public_url).hostname or "")
        unpinned = not near(public) and not (shown and secure(public))
        return cls(url, "" if hidden or unpinned else public, shown)

    @property
    def pin(self) -> str:
        """The key by which peers know it, as the descriptor tells it."""
        return certificate.pin_of(self.certificate) if self.certificate else ""

    def tls(self) -> ssl.SSLContext | None:
        """What the node's own services trust there."""
        if not secure(self.url):
            return None
        return certificate.trusted(self.certificate, self.pin) if self.certificate else trusted()


def _shown(settings: Settings) -> str:
    """The certificate that the settings name, or that the node made for the server that it runs itself."""
    if settings.nats_certificate:
        return certificate.first(settings.nats_certificate.read_bytes())
    made = settings.data / "keys" / "nats" / "tls.pem"
    return certificate.first(made.read_bytes()) if made.exists() else ""

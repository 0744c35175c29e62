"""Where a broker is: one address or, for a cluster, several. Off loopback only with TLS."""

import ipaddress
import random
from urllib.parse import urlsplit

MEMBERS = 10
LENGTH = 2_000
TLS = "tls"


def loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def members(url: str) -> list[str]:
    """The addresses in a list with commas.

    Raises:
        ValueError: it is none.
    """
    found = [part.strip() for part in url.split(",")]
    if len(url) > LENGTH or len(found) > MEMBERS:
        raise ValueError(f"a broker has at most {MEMBERS} addresses")
    for each in found:
        parts = urlsplit(each)
        if parts.scheme not in ("nats", TLS) or not parts.hostname or parts.username or parts.path.strip("/"):
            raise ValueError(f"not the address of a broker, like nats://127.0.0.1:4222: {each[:200]!r}")
    return found


def shuffled(url: str) -> list[str]:
    """The addresses in any order, so that clients spread over the members."""
    found = members(url)
    return random.sample(found, len(found))


def secure(url: str) -> bool:
    """Whether all that is said to it is said over TLS."""
    return all(urlsplit(each).scheme == TLS for each in members(url))


def near(url: str) -> bool:
    """Whether it is on this machine alone, so that nothing has to be hidden."""
    return all(loopback(urlsplit(each).hostname or "") for each in members(url))

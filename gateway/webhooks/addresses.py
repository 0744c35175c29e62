"""Where a webhook may go: public addresses, and the networks that the operator of the node names. Nothing else.

A name is looked up once for each delivery, every address of it is judged, and the connection goes to one of those that
were judged: a name that means another address a moment later gains nothing.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from weft.problems import Problem

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

CHARACTERS = 2_000
LOOK_UP_SECONDS = 5.0
MOST = 32
_UNICAST = IPv6Network("2000::/3")
_NOT_FOR_CALLERS = (  # what the standard library calls global, or did in some of its versions
    *(IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"), IPv4Network("168.63.129.16/32")),  # clouds' own, 6to4
    *(IPv6Network("2001::/23"), IPv6Network("2001:db8::/32"), IPv6Network("2002::/16"), IPv6Network("3fff::/20")),
)


class Unreachable(Problem):
    status, code, title = 422, "webhook-address", "A webhook may not go to that address"
    hint = "Give an https address whose name leads to public addresses only; the operator may name other networks."


class Destination(NamedTuple):
    """An address of the web with the addresses of the network that it may be reached at."""

    url: str
    addresses: tuple[Address, ...]


def public(address: Address) -> bool:
    """Whether an address is one of the public Internet, in whatever clothes it comes."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in _NOT_FOR_CALLERS if network.version == address.version):
        return False
    if isinstance(address, IPv6Address):  # NAT64, 6to4, Teredo and IPv4 in IPv6 all lie outside or are taken out above
        return address in _UNICAST and address.is_global
    return address.is_global and not (address.is_multicast or address.is_reserved)


class Addresses:
    """`named`: the networks that may be reached beside public addresses, there also without TLS."""

    def __init__(self, named: Sequence[Network]) -> None:
        self._named = tuple(named)

    async def destination(self, url: str) -> Destination:
        """Where this leads now.

        Raises:
            Unreachable: nowhere, or also to where a webhook may not go.
        """
        scheme, host, port = _parts(url)
        found = await _looked_up(host, port)
        for address in found:
            if self._inner(address):
                continue
            if not public(address):
                raise Unreachable(f"{host[:200]} leads to {address}, which is not a public address")
            if scheme != "https":
                raise Unreachable("only https is taken")
        return Destination(url, found)

    def _inner(self, address: Address) -> bool:
        return any(address.version == network.version and address in network for network in self._named)


def _parts(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Unreachable("the address cannot be read") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise Unreachable("only https is taken")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Unreachable("the address has a name, a password or a fragment in it")
    if len(url) > CHARACTERS or not url.isascii() or not url.isprintable() or " " in url:
        raise Unreachable("the address is too long, or is not written in plain characters")
    return parts.scheme, parts.hostname, port


async def _looked_up(host: str, port: int) -> tuple[Address, ...]:
    try:
        async with asyncio.timeout(LOOK_UP_SECONDS):
            told = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise Unreachable(f"{host[:200]} leads nowhere now") from None
    found = dict.fromkeys(ip_address(str(place[0]).partition("%")[0]) for *_, place in told)
    if not 0 < len(found) <= MOST:
        raise Unreachable(f"{host[:200]} leads to {len(found)} addresses")
    return tuple(found)

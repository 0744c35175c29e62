"""One POST to a webhook: to the addresses that were judged and no others, bounded, following nothing, reading nothing.

aiohttp is not loaded before a node has a webhook: where all services are in one process nothing else here needs it.
"""

import socket
import time
from ipaddress import IPv6Address
from typing import Any, NamedTuple

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from gateway.webhooks.addresses import Addresses, Destination, Unreachable
from gateway.webhooks.message import Message
from weft.tls import trusted

SECONDS = 15.0
CONNECT_SECONDS = 5.0
GONE = 410


class Outcome(NamedTuple):
    """`status`: 0 where no answer came; then `error` says why."""

    status: int
    error: str
    milliseconds: int

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300


class _Judged(AbstractResolver):
    """Knows the one name whose addresses have been judged."""

    def __init__(self, destination: Destination) -> None:
        self._addresses = destination.addresses

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> Any:
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET6 if isinstance(address, IPv6Address) else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        return None


async def post(addresses: Addresses, url: str, message: Message, headers: dict[str, str]) -> Outcome:
    """Deliver a message; what becomes of it is told, not raised."""
    began = time.monotonic()

    def outcome(status: int, error: str) -> Outcome:
        return Outcome(status, error[:500], round(1000 * (time.monotonic() - began)))

    try:
        destination = await addresses.destination(url)
        async with (
            _session(destination) as session,
            session.post(destination.url, data=message.body, headers=headers, allow_redirects=False) as answer,
        ):
            answer.close()
            return outcome(answer.status, _why(answer.status))
    except Unreachable as problem:
        return outcome(0, problem.detail)
    except TimeoutError:
        return outcome(0, f"no answer in {SECONDS:.0f} seconds")
    except (aiohttp.ClientError, ValueError) as error:
        return outcome(0, f"{type(error).__name__}: {error}")


def _session(destination: Destination) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            resolver=_Judged(destination), use_dns_cache=False, force_close=True, ssl=trusted()
        ),
        timeout=aiohttp.ClientTimeout(total=SECONDS, sock_connect=CONNECT_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def _why(status: int) -> str:
    if 200 <= status < 300:
        return ""
    return "answered with a redirect, which is not followed" if 300 <= status < 400 else f"answered {status}"

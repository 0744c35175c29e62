"""How many requests a minute a key, a peer or an address may make.

A sliding window of two counters: the share of the last minute that still counts, and this minute. It is here and not from
a library since it is this short, takes bounded memory whoever asks, and has no timer.
"""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from gateway.identity import Visitor
from gateway.problems import TooMany
from weft.settings import Settings

MINUTE = 60.0
BUCKETS = 50_000
ALL_OTHERS = "all others"
NODE_PER_MINUTE = 60_000
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Window:
    """Counts by name. Beyond so many names in a minute, those that are new share one count."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minute = 0
        self._now: dict[str, int] = {}
        self._before: dict[str, int] = {}

    def hit(self, name: str, limit: int) -> None:
        """Count one more.

        Raises:
            TooMany: that would be over the limit; it is not counted.
        """
        self.test(name, limit)
        name = self._known(name)
        self._now[name] = self._now.get(name, 0) + 1

    def test(self, name: str, limit: int) -> None:
        """See `hit`, without counting."""
        minute, past = divmod(self._clock(), MINUTE)
        self._turn(int(minute))
        name = self._known(name)
        if self._now.get(name, 0) + self._before.get(name, 0) * (1 - past / MINUTE) >= limit:
            raise TooMany(f"the limit is {limit} a minute", wait=max(1, math.ceil(MINUTE - past)))

    def _turn(self, minute: int) -> None:
        if minute != self._minute:
            self._before = self._now if minute == self._minute + 1 else {}
            self._now = {}
            self._minute = minute

    def _known(self, name: str) -> str:
        return name if name in self._now or len(self._now) < BUCKETS else ALL_OTHERS


class Limits:
    """The node's limits. Peers and the command line have a generous one: lag must not come from counting."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._requests = settings.requests_per_minute
        self._writes = settings.writes_per_minute
        self._window = Window(clock)

    def admit(self, visitor: Visitor, address: str, method: str) -> None:
        """Count a request.

        Raises:
            TooMany: it is one too many.
        """
        if visitor.node:
            self._window.hit(visitor.bucket, NODE_PER_MINUTE)
            return
        who = visitor.bucket or address
        self._window.hit(who, self._requests)
        if method not in SAFE:
            self._window.hit(f"writes {who}", self._writes)

    def admit_probe(self, address: str) -> None:
        """Count a look at the node's health."""
        self._window.hit(f"health {address}", NODE_PER_MINUTE)

    def may_try(self, address: str) -> None:
        """Whether this address may send credentials: guessing is hopeless, but each guess costs a look-up.

        Raises:
            TooMany: too many that it sent were not good.
        """
        self._window.test(f"failures {address}", self._requests)

    def failed(self, address: str) -> None:
        self._window.hit(f"failures {address}", self._requests)


def address_of(client: tuple[str, int] | None) -> str:
    """Under which name an address is counted: IPv6 by its /64, since one site has all of that."""
    if client is None:
        return "unknown address"
    try:
        address = ip_address(client[0].partition("%")[0])
    except ValueError:
        return "unknown address"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)

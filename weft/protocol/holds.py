"""Holds: what a reader shows of a record that several feeds of its origin speak of (rules 2 and 4)."""

from collections.abc import Mapping
from typing import NamedTuple

from weft.protocol.ledger import Entry
from weft.protocol.names import Version


class Shown(NamedTuple):
    """The version that is shown, the feeds that hold it, and whether an operator has yet to decide on its deletion."""

    version: Version
    hash: str
    feeds: frozenset[str]
    parked: bool = False


class Parked(NamedTuple):
    """A deletion that waits for a person: the version that it came with, and what stays shown meanwhile."""

    deleted_at: Version
    shown: Shown


def shown(entries: Mapping[str, Entry], parked: Parked | None = None) -> Shown | None:
    """What all ledgers together show of one record; `entries` by feed.

    The put with the highest version, unless any ledger knows a higher one, be it put, withdraw or delete; at equal
    versions a put wins. So the order between feeds does not matter. A put whose body is not here shows nothing.
    A parked deletion changes only this: the record stays shown until a later version comes.
    """
    if parked and all(entry.version <= parked.deleted_at for entry in entries.values()):
        return parked.shown._replace(parked=True)
    top = max((entry.version for entry in entries.values()), default=None)
    holding = {feed: entry for feed, entry in entries.items() if entry.op == "put" and entry.version == top}
    present = sorted(feed for feed, entry in holding.items() if entry.present)
    if not present:
        return None
    entry = holding[present[0]]
    return Shown(entry.version, entry.hash, frozenset(holding))


def due(audience: tuple[str, ...], feed_audience: str) -> bool:
    """Whether a record of this audience belongs in the feed of that one; a deleted record's audience is empty.

    `local` is for what never leaves the node: it holds everything that is not for the whole network, so that the
    node's own search finds drafts and what is shared with named peers.
    """
    if feed_audience == "local":
        return bool(audience) and audience != ("network",)
    return feed_audience in audience

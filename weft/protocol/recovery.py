"""Recovery: what a restored origin takes back from what its peers know (rules 8 to 10). It fetches nothing."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from weft.protocol.holds import due
from weft.protocol.ledger import Entry
from weft.protocol.names import LOCAL, NETWORK, Epoch, Version


class Recovered(NamedTuple):
    """A record as the known feeds prove it: its newest version and who may have it. No audience: it was deleted."""

    version: Version
    audience: tuple[str, ...]


def next_epoch(known: Iterable[int], tag: int) -> Epoch:
    """An epoch above every one that this node or a peer has seen; random bits keep two restorations apart (rule 8)."""
    return Epoch.after(max(known, default=0), tag)


def recovered(entries: Mapping[str, Entry], ours: Version | None) -> Recovered | None:
    """What feeds (by audience) prove of a record beyond our own version of it; None: nothing newer is known.

    Recovery never widens (rule 10): the audience is what the top version proves. A put at it in the network feed
    proves the network, puts in named feeds prove these peers, anything else proves nobody but ourselves.
    """
    top = max((entry.version for entry in entries.values()), default=None)
    if top is None or (ours is not None and ours >= top):
        return None
    proof = {audience: entry for audience, entry in entries.items() if entry.version == top}
    if any(entry.op == "delete" for entry in proof.values()):
        return Recovered(top, ())
    puts = {audience for audience, entry in proof.items() if entry.op == "put"}
    if NETWORK in puts:
        return Recovered(top, (NETWORK,))
    return Recovered(top, tuple(sorted(puts - {LOCAL})) or (LOCAL,))


class Orphan(NamedTuple):
    """A change that a peer hands back: the origin signed it on a branch that its restored self does not know."""

    op: str
    version: Version
    feed_audience: str


class Ours(NamedTuple):
    """The restored origin's record. `basis`: the old-epoch version it rests on; None once an editor changed it."""

    version: Version
    audience: tuple[str, ...]
    basis: Version | None


def take_back(orphan: Orphan, ours: Ours | None, *, undoing: bool) -> tuple[str, ...] | None:
    """The audience of the new version that an orphaned change becomes; None: it is listed as a conflict (rule 9).

    Where no editor has changed the record since, the newest fact wins; between branches a delete wins unless an
    operator restored the backup to undo deletions. Nothing is widened: a named feed proves one peer.
    """
    if orphan.op == "delete" and undoing:
        return None
    if ours and (not ours.audience or ours.basis is None or orphan.version < ours.basis):
        return None
    proved = _proved(orphan)
    if not ours or orphan.version != ours.basis:
        return proved
    if orphan.op != "put" or due(ours.audience, orphan.feed_audience):
        return None
    if NETWORK in (*proved, *ours.audience) or ours.audience == (LOCAL,):
        return proved
    return tuple(sorted({*ours.audience, *proved}))


def _proved(orphan: Orphan) -> tuple[str, ...]:
    if orphan.op == "delete":
        return ()
    return (LOCAL,) if orphan.op == "withdraw" else (orphan.feed_audience,)


def undone(audience: tuple[str, ...], feeds_with_delete: Iterable[str]) -> set[str]:
    """Where an operator undoes a deletion: feeds that carried it and are not due it get a withdraw (rule 10)."""
    return {feed for feed in feeds_with_delete if not due(audience, feed)}

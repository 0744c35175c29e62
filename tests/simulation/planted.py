"""Bugs planted in the product, one at a time, to see that the simulation notices: a test of the tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from weft.inbox import apply, backfill, parking, settle
from weft.journal import incarnation, readers, seal
from weft.log import serve
from weft.protocol.names import Epoch
from weft.protocol.receiver import Place
from weft.protocol.statements import Change

Plant = Callable[[], Any]


def cursor_without_effects() -> Any:
    """The cursor moves in the transaction, the effects stay away."""
    original = settle._show

    def shows(session: Any, projection: Any, origin: str, items: Any, bodies: Any, moment: Any) -> None:
        original(session, projection, origin, items[:1], bodies, moment)

    return mock.patch.object(settle, "_show", shows)


def duplicates_not_detected() -> Any:
    """Every commit passes for the next one."""
    return mock.patch.object(apply, "place", lambda cursor, commit: Place.NEXT)


def withdraw_forgotten() -> Any:
    """A change of audience puts where the record is due, and says nothing where it no longer is."""
    original = seal._change

    def change(item: Any, audience: str, held: Any) -> Change | None:
        found = original(item, audience, held)
        return None if found is not None and found.op == "withdraw" else found

    return mock.patch.object(seal, "_change", change)


def digest_over_puts_alone() -> Any:
    """An ended hold stays in the origin's digest."""
    original = seal.count

    def count(digest: Any, name: Any, before: Any, after: Any) -> None:
        original(digest, name, before if after.op == "put" else None, after)

    return mock.patch.object(seal, "count", count)


def superseded_body_served() -> Any:
    """A body leaves though its successor is journalled: what is served is whatever the journal has now or had at sealing."""
    original = seal.current_bodies

    def bodies(session: Any, row: Any, changes: Any) -> Any:
        found = original(session, row, changes)
        return {} if found is None else found

    return mock.patch.object(seal, "current_bodies", bodies)


def epoch_used_again() -> Any:
    """A start goes on in the epoch of the one before."""

    def begin(session: Any, tag: int, now: str, *, known: int = 0) -> Epoch:
        return Epoch(1 << 32 | 1)

    return mock.patch.object(incarnation, "begin", begin)


def hold_not_ended_by_snapshot() -> Any:
    """A snapshot adds and updates; what it lacks stays."""
    return mock.patch.object(backfill, "replace", lambda before, held: {})


def admission_before_sealing() -> Any:
    """A reader is let in while older changes wait to be sealed, so that it hears of what ended before it came."""
    return mock.patch.object(readers, "seal_all", lambda session, us: [])


def names_stay_in_audiences() -> Any:
    """Removing a peer leaves its name in the audiences; whoever comes under it next has them."""
    return mock.patch.object(readers, "rewrite", lambda session, us, rows, audience: [])


def commits_from_before_admission() -> Any:
    """A newcomer reads the feed from its beginning."""
    original = readers.since

    def since(session: Any, reader: str, identity: str, audience: str) -> int:
        original(session, reader, identity, audience)
        return 0

    return mock.patch.object(readers, "since", since)


def owed_body_never_asked() -> Any:
    """A missing body is taken for superseded for good, though the change that superseded it was orphaned."""
    from tests.simulation import follower

    return mock.patch.object(follower, "overdue", lambda session, row, *, at_head: [])


def withdrawal_held_by_guard() -> Any:
    """The guard parks whatever hides a record, also what its origin withdrew."""
    original = parking.hold_back

    def hold_back(session: Any, guard: Any, origin: str, hidden: Any, changed: Any, *, moment: Any) -> Any:
        as_deleted = {name: entry and entry._replace(op="delete") for name, entry in changed.items()}
        return original(session, guard, origin, hidden, as_deleted, moment=moment)

    return mock.patch.object(parking, "hold_back", hold_back)


def half_snapshot_served() -> Any:
    """Sync serves a feed of which it has staged half a snapshot."""
    return mock.patch.object(serve, "found", lambda session, feed: serve.feeds.found_or_opened(session, feed))


PLANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        cursor_without_effects,
        duplicates_not_detected,
        withdraw_forgotten,
        digest_over_puts_alone,
        superseded_body_served,
        epoch_used_again,
        hold_not_ended_by_snapshot,
        admission_before_sealing,
        names_stay_in_audiences,
        commits_from_before_admission,
        owed_body_never_asked,
        withdrawal_held_by_guard,
    )
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    with PLANTS[name]():
        yield

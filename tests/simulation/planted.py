"""Bugs planted in the product, one at a time, to see that the simulation notices: a test of the tests."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from weft.inbox import apply, settle
from weft.journal import readers, seal
from weft.protocol import ledger
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
    return mock.patch.object(apply, "place", return_value=Place.NEXT)


def withdraw_forgotten() -> Any:
    """A change of audience puts where the record is due, and says nothing where it no longer is."""
    original = seal._change

    def change(item: Any, audience: str, held: Any) -> Change | None:
        found = original(item, audience, held)
        return None if found is not None and found.op == "withdraw" else found

    return mock.patch.object(seal, "_change", change)


def digest_over_puts_alone() -> Any:
    """An ended hold stays in the origin's digest."""
    original = ledger.count

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


def names_stay_in_audiences() -> Any:
    """Removing a peer leaves its name in the audiences; whoever comes under it next has them."""
    return mock.patch.object(readers, "rewrite", return_value=[])


def commits_from_before_admission() -> Any:
    """A newcomer reads the feed from its beginning."""
    original = readers.since

    def since(session: Any, reader: str, identity: str, audience: str) -> int:
        original(session, reader, identity, audience)
        return 0

    return mock.patch.object(readers, "since", since)


PLANTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        cursor_without_effects,
        duplicates_not_detected,
        withdraw_forgotten,
        digest_over_puts_alone,
        superseded_body_served,
        names_stay_in_audiences,
        commits_from_before_admission,
    )
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    with PLANTS[name]():
        yield

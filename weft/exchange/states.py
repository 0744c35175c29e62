"""The states of a reader of a feed, and what people are told of it. docs/operate/replication.md has the transitions."""

from enum import StrEnum

from weft.protocol.names import Cursor
from weft.protocol.statements import Head


class State(StrEnum):
    PENDING = "pending"
    BACKFILLING = "backfilling"
    LIVE = "live"
    UNREACHABLE = "unreachable"
    DESYNCHRONISED = "desynchronised"
    INCOMPATIBLE = "incompatible"
    RECOVERING = "recovering"
    PAUSED = "paused"
    RETIRED = "retired"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.PENDING: frozenset(
        {State.BACKFILLING, State.LIVE, State.UNREACHABLE, State.DESYNCHRONISED, State.INCOMPATIBLE, State.RETIRED}
    ),
    State.BACKFILLING: frozenset(
        {State.LIVE, State.UNREACHABLE, State.DESYNCHRONISED, State.INCOMPATIBLE, State.PENDING, State.RETIRED}
    ),
    State.LIVE: frozenset(
        {
            State.BACKFILLING,
            State.UNREACHABLE,
            State.DESYNCHRONISED,
            State.INCOMPATIBLE,
            State.RECOVERING,
            State.PAUSED,
            State.PENDING,
            State.RETIRED,
        }
    ),
    State.UNREACHABLE: frozenset(
        {
            State.BACKFILLING,
            State.LIVE,
            State.DESYNCHRONISED,
            State.INCOMPATIBLE,
            State.PAUSED,
            State.PENDING,
            State.RETIRED,
        }
    ),
    State.DESYNCHRONISED: frozenset(
        {State.BACKFILLING, State.LIVE, State.UNREACHABLE, State.INCOMPATIBLE, State.PENDING, State.RETIRED}
    ),
    State.INCOMPATIBLE: frozenset(
        {State.BACKFILLING, State.LIVE, State.UNREACHABLE, State.DESYNCHRONISED, State.PENDING, State.RETIRED}
    ),
    State.RECOVERING: frozenset({State.LIVE, State.UNREACHABLE, State.DESYNCHRONISED, State.PENDING}),
    State.PAUSED: frozenset({State.PENDING, State.RETIRED}),
    State.RETIRED: frozenset(),
}
"""From each state, the ones that may follow. A restart of the process goes through pending."""


def behind(cursor: Cursor, head: Head | None) -> int | None:
    """Commits between a cursor and the holder's head; None while no head is known: unknown is not zero."""
    return None if head is None else max(0, head.sequence - cursor.sequence)

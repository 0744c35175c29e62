"""How much of the records a caller sees. What one may not see is answered like what is not there."""

from enum import Enum
from typing import Any

from weft.identity import Caller, Role


class Sight(Enum):
    """Peers read feeds, not answers: here they are anybody. Which rows each sight has is said beside the rows."""

    PUBLIC = "what the whole network may have"
    STAFF = "also what is for this node alone, or for some peers"
    EDITORS = "also drafts, and who may have each own record"

    @classmethod
    def of(cls, caller: Caller) -> "Sight":
        if caller.may(Role.EDITOR):
            return cls.EDITORS
        return cls.STAFF if caller.may(Role.READER) else cls.PUBLIC

    @property
    def rank(self) -> int:
        """Its place among all: each sight sees also what those before it see."""
        return _RANKS[self]


SIGHTS = tuple(Sight)
_RANKS = {sight: rank for rank, sight in enumerate(SIGHTS)}


def by_audience(record: Any, public: bool) -> Sight:
    """Who sees a record at the least, of a kind that has no drafts."""
    return Sight.PUBLIC if public else Sight.STAFF

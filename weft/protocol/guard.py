"""The guard: unusually many deletions wait for a person. It counts over a sliding day, across epochs."""

from collections.abc import Sequence
from typing import NamedTuple

DAY_SECONDS = 86_400


class Guard(NamedTuple):
    """At most `share` of what a feed held a day ago, and at least `floor` records, may be deleted in a day unasked."""

    share: float = 0.10
    floor: int = 100

    def allowance(self, held_a_day_ago: int) -> int:
        return max(self.floor, int(held_a_day_ago * self.share))

    def parks(self, *, deletions: Sequence[float], now: float, held_a_day_ago: int, incoming: int) -> bool:
        """Whether `incoming` more deletions wait. `deletions`: the times (seconds) of earlier ones."""
        recent = sum(1 for at in deletions if now - at < DAY_SECONDS)
        return recent + incoming > self.allowance(held_a_day_ago)

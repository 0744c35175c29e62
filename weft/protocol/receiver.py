"""The receiver's decisions: where a commit belongs, and when a missing body is no longer honest. It keeps no state."""

from enum import StrEnum
from typing import NamedTuple

from weft.protocol.commits import Commit
from weft.protocol.names import START, Cursor, Feed
from weft.protocol.refusals import Beyond, BrokenChain, Fork, Gap, Withheld


class Place(StrEnum):
    NEXT = "next"
    SEEN = "seen"


def place(cursor: Cursor, commit: Commit) -> Place:
    """Whether a commit is the next one of its feed, or was seen before.

    Raises:
        Gap: commits before it are missing.
        Fork, BrokenChain: the origin contradicts itself.
        Beyond: the origin's present epoch began before our cursor (rule 9).
    """
    at, header = commit.cursor, commit.header
    if at == cursor or at[:2] < cursor[:2]:
        return Place.SEEN
    if at[:2] == cursor[:2]:
        raise Fork(f"{header.feed} has two commits at {header.epoch}, {header.sequence}: {cursor.hash} and {at.hash}")
    if header.opens is not None:
        return _open_epoch(cursor, header.opens.cursor, header.feed)
    if at.sequence > cursor.sequence + 1:
        raise Gap(f"{header.feed}: after {cursor.sequence} came {at.sequence}")
    same_epoch = cursor == START or cursor.epoch == at.epoch
    follows = at.sequence == cursor.sequence + 1 and header.previous == cursor.hash
    if same_epoch and follows:
        return Place.NEXT
    if same_epoch or follows:
        raise BrokenChain(f"{header.feed} {at} names {header.previous or 'nothing'} before it, we have {cursor}")
    raise Beyond(f"{header.feed} goes on in {header.epoch} from before our {cursor}")


def _open_epoch(cursor: Cursor, predecessor: Cursor, feed: str) -> Place:
    """A reader at the predecessor just goes on; one before it pulls; one past it is beyond (rules 8 and 9)."""
    if predecessor == cursor:
        return Place.NEXT
    if predecessor[:2] == cursor[:2]:
        raise Fork(f"{feed} says its epoch ended at {predecessor}, we have {cursor}")
    if predecessor.sequence > cursor.sequence and predecessor.epoch >= cursor.epoch:
        raise Gap(f"{feed} opened an epoch after {predecessor}, we are at {cursor}")
    raise Beyond(f"{feed} opened an epoch after {predecessor}, we are past it at {cursor}")


def check_position(position: int, commit: Commit) -> None:
    """Raise `BrokenChain` unless the commit counts the feed's changes on from the one before it."""
    counted = position + len(commit.header.changes)
    if commit.header.position != counted:
        raise BrokenChain(f"{commit.header.feed} counts {commit.header.position} changes where {counted} were made")


class Standing(StrEnum):
    AHEAD = "ahead"
    EVEN = "even"
    OLD = "old"


def standing(cursor: Cursor, stated: Cursor, feed: Feed) -> Standing:
    """How a head or a manifest stands to our cursor. An old one proves nothing about now, whoever sends it again.

    Raises:
        Fork: the origin stated another hash for the commit that we have.
    """
    if stated == cursor:
        return Standing.EVEN
    if stated[:2] == cursor[:2]:
        raise Fork(f"{feed} states {stated}, we have {cursor}")
    return Standing.AHEAD if stated[:2] > cursor[:2] else Standing.OLD


class Owed(NamedTuple):
    """A put whose body was missing when the origin's head was at `until`: by then a later change is due (rule 7)."""

    until: int

    def overdue(self, cursor: Cursor) -> bool:
        """Whether the reader has come to that head and nothing superseded the put: it asks once more."""
        return cursor.sequence >= self.until

    def refused(self, head_sequence: int) -> "Owed":
        """The origin was asked again and gave no body at this head. At the same head, it withholds it.

        An answer with an older head is one that was kept and sent again: it says nothing, so we stay as we were.
        """
        if head_sequence < self.until:
            return self
        if head_sequence == self.until:
            raise Withheld(f"asked again at {self.until}, the origin gives no body and names no later change")
        return Owed(head_sequence)

"""The network as the status page shows it: a word and a shape for each state, and no number where none is known."""

from typing import NamedTuple

import msgspec

from weft.exchange.states import State
from weft.problems import Problem


class Look(NamedTuple):
    """How a state reads. `good`: nobody need do anything."""

    word: str
    shape: str
    good: bool


CURRENT = Look("current", "●", good=True)
BEHIND = Look("catching up", "◐", good=True)
OURS = Look("this node", "◆", good=True)
UNKNOWN = Look("not known", "?", good=False)
LOOKS = {
    State.PENDING: Look("starting", "○", good=True),
    State.BACKFILLING: BEHIND,
    State.LIVE: CURRENT,
    State.UNREACHABLE: Look("failing, tries again by itself", "▲", good=False),
    State.DESYNCHRONISED: Look("stopped, needs a person", "■", good=False),
    State.INCOMPATIBLE: Look("stopped until this node is upgraded", "■", good=False),
    State.RECOVERING: Look("recovering", "◐", good=True),
    State.PAUSED: Look("paused by an operator", "‖", good=False),
    State.RETIRED: Look("retired", "–", good=True),
}


class Participant(msgspec.Struct):
    """A node of the network, as this node sees it."""

    name: str
    title: str
    url: str
    ours: bool
    state: str
    behind_commits: int | None
    behind_seconds: float | None
    succeeded_at: str | None
    records: int | None

    @property
    def look(self) -> Look:
        if self.ours:
            return OURS
        if self.state not in set(State):
            return UNKNOWN
        if self.state == State.LIVE and self.behind_commits is None:
            return UNKNOWN
        return BEHIND if self.state == State.LIVE and self.behind_commits else LOOKS[State(self.state)]

    @property
    def behind(self) -> str:
        """How old the oldest change is that is missing here; unknown is not zero."""
        if self.ours:
            return "–"
        if self.behind_commits is None:
            return "not known"
        if self.behind_commits == 0:
            return "nothing"
        since = "" if self.behind_seconds is None else f", {age(self.behind_seconds)} old"
        return f"{self.behind_commits} {'commit' if self.behind_commits == 1 else 'commits'}{since}"

    @property
    def link(self) -> str:
        """The node's address, if it is one that a page may link to."""
        return self.url if self.url.startswith(("https://", "http://")) else ""


class Network(msgspec.Struct):
    items: list[Participant]
    seen_at: str

    @property
    def peers(self) -> list[Participant]:
        return [node for node in self.items if not node.ours]

    @property
    def summary(self) -> str:
        """How it is, in a sentence."""
        if not self.peers:
            return "No other node takes part yet."
        current = sum(node.look is CURRENT for node in self.peers)
        troubled = [f"{node.title or node.name}: {node.look.word}" for node in self.peers if not node.look.good]
        sentence = f"{current} of {len(self.peers)} copies of other nodes are current."
        return f"{sentence} {'; '.join(troubled)}." if troubled else sentence

    @property
    def seen(self) -> str:
        return f"{self.seen_at[:10]}, {self.seen_at[11:16]} UTC"


def read_network(status: int, body: bytes) -> Network:
    """Sync's answer.

    Raises:
        Problem: it is another one.
    """
    if status != 200:
        raise Problem(f"the replication service answered {status}")
    try:
        return msgspec.json.decode(body, type=Network)
    except msgspec.DecodeError as error:
        raise Problem(f"the replication service's answer cannot be read: {error}") from None


def age(seconds: float) -> str:
    """A span as a person says it."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{int(seconds)} second{'' if int(seconds) == 1 else 's'}"

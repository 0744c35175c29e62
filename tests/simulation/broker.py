"""The broker: a stream per feed, a hint and the fast path. It may lose everything; the origin erases from it."""

import json
import random
from typing import NamedTuple

from weft.protocol.names import Feed


class Message(NamedTuple):
    """A commit as it was published, and which records its bodies are of."""

    sequence: int
    frame: bytes
    puts: frozenset[tuple[str, str]]


def message(sequence: int, frame: bytes, statement: bytes) -> Message:
    puts = frozenset((change[1], change[2]) for change in json.loads(statement)["changes"] if change[0] == "put")
    return Message(sequence, frame, puts)


class Broker:
    """One node's streams."""

    def __init__(self) -> None:
        self._streams: dict[Feed, dict[int, Message]] = {}
        self._last: dict[Feed, int] = {}

    def last(self, feed: Feed) -> int:
        return self._last.get(feed, 0)

    def publish(self, feed: Feed, published: Message) -> None:
        self._streams.setdefault(feed, {})[published.sequence] = published
        self._last[feed] = published.sequence

    def messages(self, feed: Feed) -> list[Message]:
        return list(self._streams.get(feed, {}).values())

    def erase(self, feed: Feed, sequence: int) -> None:
        del self._streams[feed][sequence]

    def lose_everything(self) -> None:
        self._streams.clear()
        self._last.clear()

    def pick(self, rng: random.Random, feed: Feed, *, since: int, wanted: int) -> Message | None:
        """Mostly the message that a reader waits for, sometimes any other: late, again, out of order."""
        stream = {at: found for at, found in self._streams.get(feed, {}).items() if at > since}
        if not stream:
            return None
        if wanted in stream and rng.random() < 0.7:
            return stream[wanted]
        return stream[rng.choice(sorted(stream))]

"""The network: questions that get lost, answers that come late, twice, in another order or never; partitions."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tests.simulation.process import Crash
from weft.protocol.names import Feed

if TYPE_CHECKING:
    from tests.simulation.oracle import Oracle


class Ask(NamedTuple):
    """A question about a feed, as its path and query would say it."""

    kind: str
    feed: Feed
    about: object = None


class Answer(NamedTuple):
    """`frames` are the exact bytes; `problem` is the code of a refusal; `told` is what a small JSON body would say."""

    ask: Ask
    frames: tuple[bytes, ...] = ()
    problem: str = ""
    told: object = None


class Server(Protocol):
    name: str
    node: str
    running: bool

    def answer(self, who: str, identity: str, ask: Ask) -> Answer: ...


class Client(Protocol):
    name: str
    node: str
    identity: str
    running: bool

    def receive(self, answer: Answer) -> None: ...


class Faults(NamedTuple):
    loss: float = 0.0
    late: float = 0.0
    twice: float = 0.0


class Network:
    def __init__(self, rng: random.Random, oracle: Oracle, faults: Faults) -> None:
        self._rng = rng
        self._oracle = oracle
        self.faults = faults
        self.parted: set[frozenset[str]] = set()
        self._under_way: list[tuple[Client, str, Answer]] = []

    def reachable(self, one: str, other: str) -> bool:
        return frozenset((one, other)) not in self.parted

    def ask(self, client: Client, server: Server, ask: Ask) -> None:
        """Put a question. The answer is made at once or never; when it arrives is another matter."""
        if not server.running or not self.reachable(client.node, server.node):
            return
        if self._rng.random() < self.faults.loss:
            return
        try:
            answer = server.answer(client.node, client.identity, ask)
        except Crash as crash:
            crash.process.stop()
            return
        self._oracle.sees_on_the_wire(client, server, answer)
        if self._rng.random() >= self.faults.loss:
            self._under_way.append((client, client.identity, answer))
            if self._rng.random() < self.faults.twice:
                self._under_way.append((client, client.identity, answer))
        if self._rng.random() >= self.faults.late:
            self.deliver()

    def deliver(self) -> None:
        """Deliver something that is under way, the newest first when nothing is late."""
        if not self._under_way:
            return
        late = self._rng.random() < self.faults.late
        client, identity, answer = self._under_way.pop(self._rng.randrange(len(self._under_way)) if late else -1)
        if client.running and client.identity == identity:
            try:
                client.receive(answer)
            except Crash as crash:
                crash.process.stop()

    def drop_all(self) -> None:
        self._under_way.clear()

    def drain(self) -> None:
        while self._under_way:
            self.deliver()

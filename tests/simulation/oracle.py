"""The oracle: what was acknowledged, who may have it, and what was seen. It shares no code with the product."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from tests.simulation import wire
from tests.simulation.store import connection

if TYPE_CHECKING:
    from tests.simulation.follower import Follower
    from tests.simulation.network import Answer, Client, Server
    from tests.simulation.origin import Origin
    from tests.simulation.process import Process

Version = tuple[int, int]


class Fact(NamedTuple):
    """A record as its editor knows it. No audience: it was deleted."""

    version: Version
    audience: tuple[str, ...]
    body: bytes

    def due(self, reader: str) -> bool:
        return "network" in self.audience or reader in self.audience

    @property
    def canary(self) -> str:
        return next(iter(wire.canaries_in(self.body)), "")


class Oracle:
    def __init__(self) -> None:
        self.truth: dict[str, dict[str, Fact]] = defaultdict(dict)
        self.members: dict[str, dict[str, str]] = defaultdict(dict)
        self.restored: set[str] = set()
        self.edited_since: dict[str, set[str]] = defaultdict(set)
        self.may_see: dict[str, set[str]] = defaultdict(set)
        self.published: set[str] = set()
        """Canaries that an editor once gave to the whole network: an old copy may give them to whoever is approved now."""
        self.taken: dict[tuple[str, str, Version], Fact] = {}
        """What each deletion took away, by its version."""
        self.violations: list[str] = []

    def accuses(self, what: str) -> None:
        if what not in self.violations:
            self.violations.append(what)

    # ---- what was acknowledged -----------------------------------------------------------------------------------
    def acknowledges(self, origin: str, id_: str, fact: Fact) -> None:
        before = self.truth[origin].get(id_)
        if before is not None and fact.version <= before.version:
            self.accuses(f"{id_} is acknowledged at {fact.version} after {before.version}")
        if before is not None and before.audience and not fact.audience:
            self.taken[origin, id_, fact.version] = before
        self.truth[origin][id_] = fact
        self.edited_since[origin].add(id_)
        if "network" in fact.audience:
            self.published.add(fact.canary)
        for name, identity in self.members[origin].items():
            self._allows(identity, name, id_, fact)

    def _allows(self, identity: str, name: str, id_: str, fact: Fact) -> None:
        if fact.due(name):
            self.may_see[identity] |= {id_, fact.canary}

    def admits(self, origin: str, name: str, identity: str) -> None:
        if self.members[origin].get(name) == identity:
            return
        self.removes(origin, name)
        self.members[origin][name] = identity
        for id_, fact in self.truth[origin].items():
            self._allows(identity, name, id_, fact)

    def removes(self, origin: str, name: str) -> None:
        """Audiences name identities: whoever comes under the name later begins with nothing (rule 11)."""
        if self.members[origin].pop(name, None) is None:
            return
        for id_, fact in self.truth[origin].items():
            if name in fact.audience:
                audience = tuple(other for other in fact.audience if other != name) or ("local",)
                version = (fact.version[0], fact.version[1] + 1)
                self.truth[origin][id_] = fact._replace(audience=audience, version=version)

    def restores(self, origin: Origin) -> None:
        """From here on the promise is that of rules 9 and 10: the origin's own word, but nothing that peers know is lost."""
        self.restored.add(origin.node)
        self.edited_since[origin.node].clear()
        self.reads(origin)

    def reloads(self, origin: Origin) -> None:
        """Recovery wrote new versions. What an editor acknowledged since the restoration must have stayed."""
        if origin.node not in self.restored:
            return
        before = {id_: self.truth[origin.node][id_] for id_ in self.edited_since[origin.node]}
        self.reads(origin)
        for id_, fact in before.items():
            now = self.truth[origin.node].get(id_)
            kept = now is not None and now.body == fact.body and set(now.audience) <= set(fact.audience) | {"local"}
            if not kept:
                self.accuses(f"{id_} was edited after the restoration, and recovery made {now} of {fact}")

    def reads(self, origin: Origin) -> None:
        rows = connection(origin.database).execute("SELECT id, epoch, number, audience, body FROM own")
        self.truth[origin.node] = {
            id_: Fact((epoch, number), tuple(audience.split()), body or b"")
            for id_, epoch, number, audience, body in rows
        }
        for id_, fact in self.truth[origin.node].items():
            if fact.canary in self.published:
                for name, identity in self.members[origin.node].items():
                    self._allows(identity, name, id_, fact)

    # ---- what was seen -------------------------------------------------------------------------------------------
    def sees_on_the_wire(self, client: Client, server: Server, answer: Answer) -> None:
        if client.node == server.node:
            return
        origin = answer.ask.feed.origin
        if answer.frames and self.members[origin].get(client.node) != client.identity:
            self.accuses(f"{server.name} serves {client.identity}, which is not approved")
        for frame in answer.frames:
            self._judges(client.identity, frame, f"{answer.ask.kind} of {answer.ask.feed}")
            for canary in sorted(wire.contents(frame)[1]):
                id_ = "k-{}-{}".format(*canary.strip("~").split(".")[:2])
                fact = self.truth[origin].get(id_)
                if fact is None or fact.canary != canary or not fact.due(client.node):
                    self.accuses(f"{canary} leaves for {client.identity} when {id_} is {fact and fact.audience}")

    def sees_message(self, identity: str, frame: bytes) -> None:
        self._judges(identity, frame, "a message")

    def _judges(self, identity: str, frame: bytes, where: str) -> None:
        keys, canaries = wire.contents(frame)
        for strange in sorted((keys | canaries) - self.may_see[identity]):
            self.accuses(f"{identity} gets {strange} in {where}, which it was never allowed")

    def judges_effects(self, follower: Follower, odd: list[tuple[str, str]]) -> None:
        for origin, what in odd:
            if origin not in self.restored:
                self.accuses(f"{follower.name}: {what}")

    # ---- looking into databases ----------------------------------------------------------------------------------
    @staticmethod
    def sequences(process: Process, feed: int) -> dict[tuple[str, str], tuple[str, int]]:
        query = "SELECT kind, id, op, sequence FROM ledger WHERE feed = ?"
        rows = connection(process.database).execute(query, (feed,))
        return {(kind, id_): (op, sequence) for kind, id_, op, sequence in rows}

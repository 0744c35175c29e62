"""What a restored origin must not lose: facts that peers could prove when the old copy was put back (rules 9 and 10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from tests.simulation import wire
from tests.simulation.store import connection

if TYPE_CHECKING:
    from tests.simulation.world import World


class Proof(NamedTuple):
    """The newest thing that an approved peer knows of a record, with its body's canary where the peer has it."""

    version: tuple[int, int]
    op: str
    canary: str
    peer: str
    identity: str


class Losses:
    def __init__(self, world: World) -> None:
        self._world = world
        self._proofs: dict[str, dict[str, Proof]] = {}
        self._times: dict[str, int] = {}

    def before_restoring(self, origin: str) -> None:
        self._times[origin] = self._times.get(origin, 0) + 1
        newest = self._proofs.setdefault(origin, {})
        for peer in self._world.names:
            if peer != origin and self._world.approved(origin, peer):
                for id_, proof in self._proved(origin, peer):
                    if id_ not in newest or proof.version > newest[id_].version:
                        newest[id_] = proof

    def after_restoring(self, origin: str) -> None:
        """What the old copy has itself needs no proof."""
        truth = self._world.oracle.truth[origin]
        newest = self._proofs[origin]
        for id_ in [id_ for id_, proof in newest.items() if id_ in truth and truth[id_].version >= proof.version]:
            del newest[id_]

    def _proved(self, origin: str, peer: str) -> Iterator[tuple[str, Proof]]:
        database = connection(self._world.syncs[peer].database)
        identity = self._world.identities[peer]
        query = "SELECT l.id, epoch, number, body FROM ledger l WHERE origin = ? AND body IS NOT NULL"
        bodies = {(id_, epoch, number): body for id_, epoch, number, body in database.execute(query, (origin,))}
        headers = "SELECT header FROM commit_header c JOIN feed f ON f.number = c.feed WHERE f.name LIKE ?"
        for (header,) in database.execute(headers, (f"{origin}/%",)):
            for op, _, id_, text, _, _ in json.loads(header)["changes"]:
                counter, tag, number = text.split(".")
                version = (int(counter) << 32 | int(tag, 16), int(number))
                canary = next(iter(wire.canaries_in(bodies.get((id_, *version), b""))), "")
                yield id_, Proof(version, op, canary, peer, identity)

    def found(self) -> Iterator[str]:
        """Records that a peer could prove, still approved, and that the origin neither has nor lists as lost."""
        for origin, proofs in self._proofs.items():
            database = connection(self._world.origins[origin].database)
            own = {id_: (aud, body or b"") for id_, aud, body in database.execute("SELECT id, audience, body FROM own")}
            listed = {id_ for (id_,) in database.execute("SELECT id FROM listed")}
            for id_, proof in sorted(proofs.items()):
                if self._world.identities[proof.peer] != proof.identity or id_ in listed:
                    continue
                if not self._world.approved(origin, proof.peer) or id_ in self._world.oracle.edited_since[origin]:
                    continue
                if id_ not in own:
                    yield f"recoverable: {origin} lost {id_}, {proof.op} at {proof.version} known to {proof.peer}"
                elif self._times[origin] == 1 and not self._same(proof, *own[id_]):
                    yield f"recoverable: {origin} has {id_} as {own[id_]}, {proof.peer} could prove {proof}"

    @staticmethod
    def _same(proof: Proof, audience: str, body: bytes) -> bool:
        if proof.op == "delete":
            return not audience
        return proof.op == "withdraw" or not proof.canary or proof.canary in wire.canaries_in(body)

"""The promises, checked in the settled network by reading every database's rows, past the product's code."""

from __future__ import annotations

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tests.simulation import wire
from tests.simulation.store import connection

if TYPE_CHECKING:
    from tests.simulation.process import Process
    from tests.simulation.world import World

Cursor = tuple[int, int, str]
Held = frozenset[tuple[str, str, int, int, str]]


def broken(world: World) -> Iterator[str]:
    """Every promise that does not hold, in words."""
    for origin in world.names:
        yield from _journal(world, origin)
        yield from _chain(world, origin)
    for reader in world.names:
        yield from _shown(world, reader)
        yield from _copies(world, reader)
        yield from _bodies(world, reader)
    yield from world.losses.found()


def cursors(process: Process) -> dict[str, Cursor]:
    rows = connection(process.database).execute("SELECT name, epoch, sequence, hash FROM feed WHERE sequence > 0")
    return {name: (epoch, sequence, hash_) for name, epoch, sequence, hash_ in rows}


def _journal(world: World, origin: str) -> Iterator[str]:
    """Durable: the journal holds exactly what was acknowledged, and nothing waits any more."""
    own = connection(world.origins[origin].database)
    rows = own.execute("SELECT id, epoch, number, audience, body FROM own").fetchall()
    has = {id_: (tuple(audience.split()), body or b"") for id_, _, _, audience, body in rows}
    should = {id_: (fact.audience, fact.body) for id_, fact in world.oracle.truth[origin].items()}
    for id_ in sorted(has.keys() | should.keys()):
        if has.get(id_) != should.get(id_):
            yield f"durable: {origin} has {id_} as {has.get(id_)}, acknowledged was {should.get(id_)}"
    if own.execute("SELECT count(*) FROM pending").fetchone()[0]:
        yield f"hangs: {origin} has changes that are not sealed"
    world.oracle.reads(world.origins[origin])  # the versions of changes that an operator made, not an editor


def _shown(world: World, reader: str) -> Iterator[str]:
    """Everywhere: each approved reader shows exactly the newest versions that are for it, to the byte."""
    rows = connection(world.readers[reader].database).execute(
        "SELECT key, epoch, number, body, public FROM seen WHERE visible"
    )
    shown: dict[str, dict[str, object]] = defaultdict(dict)
    for key, epoch, number, body, public in rows:
        shown[key.split("/")[0]][key.split("/")[2]] = (epoch, number, body, bool(public))
    for origin in world.names:
        if origin != reader and not world.approved(origin, reader):
            continue
        facts = world.oracle.truth[origin].items()
        should = {
            id_: (*fact.version, fact.body, fact.audience == ("network",))
            for id_, fact in facts
            if fact.due(reader) or (origin == reader and fact.audience)
        }
        for id_ in sorted(should.keys() | shown[origin].keys()):
            if should.get(id_) != shown[origin].get(id_):
                yield f"everywhere: {reader} shows {id_} as {shown[origin].get(id_)}, due is {should.get(id_)}"


def _held(process: Process, feed: str) -> Held:
    query = (
        "SELECT kind, l.id, l.epoch, l.number, l.hash FROM ledger l JOIN feed f ON f.number = l.feed "
        "WHERE f.name = ? AND op = 'put'"
    )
    return frozenset(connection(process.database).execute(query, (feed,)).fetchall())


def _digest(held: Held) -> bytes:
    """The digest as docs/protocol.md defines it: 256 buckets of a count and a sum of hashes."""
    buckets = [[0, 0] for _ in range(256)]
    for kind, id_, epoch, number, hash_ in held:
        bucket = buckets[zlib.crc32(f"{kind}/{id_}".encode()) % 256]
        version = f"{epoch >> 32}.{epoch & 0xFFFFFFFF:08x}.{number}"
        bucket[0] += 1
        bucket[1] += int.from_bytes(hashlib.sha256(f"{kind}/{id_} {version} {hash_}".encode()).digest(), "big")
    return b"".join(count.to_bytes(8, "big") + (total % 2**256).to_bytes(32, "big") for count, total in buckets)


def _copies(world: World, reader: str) -> Iterator[str]:
    """Provable: every copy of a feed is at the origin's head and holds the same, and the kept digests say so."""
    for process in (world.syncs[reader], world.readers[reader]):
        at = cursors(process)
        for feed in process.feeds():
            if feed.origin != reader and not world.approved(feed.origin, reader):
                continue
            origin = world.origins[feed.origin]
            due = cursors(origin).get(str(feed))
            if at.get(str(feed)) != due:
                yield f"hangs: {process.name} is at {at.get(str(feed))} of {feed}, whose head is {due}"
                continue
            theirs, ours = _held(origin, str(feed)), _held(process, str(feed))
            if theirs != ours:
                yield f"provable: {process.name} holds {sorted(ours ^ theirs)} in {feed} unlike its origin"
            query = "SELECT digest FROM feed WHERE name = ?"
            for copy in (process, origin):
                row = connection(copy.database).execute(query, (str(feed),)).fetchone()
                if row is not None and row[0] != _digest(_held(copy, str(feed))):
                    yield f"provable: the digest of {feed} at {copy.name} is not that of its ledger"


def _bodies(world: World, reader: str) -> Iterator[str]:
    """Sovereign: a body is kept only where it is current and for this reader; none is owed any more."""
    for process in (world.syncs[reader], world.readers[reader]):
        query = "SELECT f.name, l.id, l.op, l.hash, l.salt, l.body FROM ledger l JOIN feed f ON f.number = l.feed"
        for feed, id_, op, hash_, salt, body in connection(process.database).execute(query):
            origin = feed.split("/")[0]
            if origin != reader and not world.approved(origin, reader):
                continue
            if op == "put" and body is None:
                yield f"hangs: {process.name} still owes itself the body of {id_} in {feed}"
            if body is not None and (
                op != "put" or hashlib.sha256(b"weft/body/v1\0" + salt + body).hexdigest() != hash_
            ):
                yield f"authentic: {process.name} keeps a wrong body of {id_} in {feed}"
            fact = world.oracle.truth[origin].get(id_)
            if body is not None and (fact is None or fact.body != body):
                yield f"sovereign: {process.name} keeps a body of {id_} that is not current: {wire.canaries_in(body)}"


def _chain(world: World, origin: str) -> Iterator[str]:
    """Authentic: headers are signed and chained, and every copy that is handed on is byte for byte the origin's."""
    public = Ed25519PublicKey.from_public_bytes(world.origins[origin].key.public.raw)
    query = (
        "SELECT f.name, c.epoch, c.sequence, c.header, c.signature, c.hash FROM commit_header c "
        "JOIN feed f ON f.number = c.feed WHERE f.name LIKE ? ORDER BY f.name, c.epoch, c.sequence"
    )
    ours = {}
    last: dict[str, tuple[int, str]] = defaultdict(lambda: (0, ""))
    for feed, epoch, sequence, header, signature, hash_ in connection(world.origins[origin].database).execute(
        query, (f"{origin}/%",)
    ):
        ours[feed, epoch, sequence] = header
        try:
            public.verify(signature, b"weft/commit/v1\0" + header)
        except InvalidSignature:
            yield f"authentic: the header {sequence} of {feed} is not signed"
        before, previous = last[feed]
        if sequence != before + 1 or f'"previous":"{previous}"'.encode() not in header:
            yield f"authentic: the header {sequence} of {feed} does not follow {before}"
        if hashlib.sha256(b"weft/header/v1\0" + header).hexdigest() != hash_:
            yield f"authentic: the header {sequence} of {feed} has another hash"
        last[feed] = sequence, hash_
    for reader in world.names:
        if reader == origin or not world.approved(origin, reader):
            continue
        for feed, epoch, sequence, header, _, _ in connection(world.syncs[reader].database).execute(
            query, (f"{origin}/%",)
        ):
            if ours.get((feed, epoch, sequence)) != header:
                yield f"authentic: {reader} keeps a header {sequence} of {feed} that its origin does not have"

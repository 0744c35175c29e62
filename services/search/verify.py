"""Comparing the index with the database, document by document, and naming what differs. Nothing is mended here."""

from collections.abc import Iterator

from services.search import documents, store
from services.search.documents import Unreadable
from services.search.engine.form import fingerprint
from services.search.engine.interface import Engine
from services.search.schemas import Verification
from services.search.store import Held
from weft.database import Database
from weft.protocol.names import Key

PAGE = 500
NAMED = 1_000
_UNREADABLE = b""


def verify(database: Database, engine: Engine) -> Verification:
    """What the index lacks, has too much, or has otherwise than the database.

    Call it while nothing writes to the index: then whatever changes meanwhile has a to-do row when its turn comes, and
    the rest must be equal.
    """
    held = {holding.key: holding.fingerprint for holding in engine.held()}
    missing, stale, waiting, total = [], [], 0, 0
    for line in shown(database):
        total += 1
        found = held.pop(str(line.key), None)
        if line.waiting:
            waiting += 1
        elif found is None:
            missing.append(str(line.key))
        elif found != _expected(line):
            stale.append(str(line.key))
    with database.reading() as session:
        leaving = {str(key) for key in store.waiting_among(session, map(Key.parse, held))}
    extra = sorted(held.keys() - leaving)
    return Verification(
        equal=not (missing or extra or stale),
        documents=total,
        waiting=waiting + len(leaving),
        differing=len(missing) + len(extra) + len(stale),
        missing=missing[:NAMED],
        extra=extra[:NAMED],
        stale=stale[:NAMED],
    )


def shown(database: Database) -> Iterator[Held]:
    """Everything that is shown, in short transactions; each record as it is when its turn comes."""
    after: Key | None = None
    while True:
        with database.reading() as session:
            lines = store.page(session, after, PAGE)
        if not lines:
            return
        yield from lines
        after = lines[-1].key


def _expected(line: Held) -> bytes:
    try:
        return fingerprint(documents.searched(line.key, line.version, line.data, public=line.public, gate=line.gate))
    except Unreadable:
        return _UNREADABLE

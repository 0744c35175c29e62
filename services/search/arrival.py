"""Whether the index answers with a change already. Only feeds bring changes here, so their ledgers tell."""

from sqlalchemy import exists, select, tuple_
from sqlmodel import Session

from services.search.models import IndexedRow, TodoRow
from weft.database.statements import table
from weft.log.models import FeedRow, LedgerRow
from weft.protocol.names import NETWORK, Key, Version
from weft.records.documents import KIND
from weft.records.sight import Sight
from weft.records.takedown import kind_of

_feed, _ledger, _todo, _indexed = table(FeedRow), table(LedgerRow), table(TodoRow), table(IndexedRow)
_CHANGING = (KIND, kind_of(KIND))


def knows(us: str, session: Session, key: Key, version: Version, sight: Sight) -> bool:
    """Whether what is found is as after this version of a key, or a later one, as far as a sight is told.

    The public is told of what the network has; readers of what is no draft. A kind that is never found changes nothing.
    """
    if key.kind not in _CHANGING:
        return True
    document = (key.origin, KIND, key.id)
    waits = exists().where(tuple_(_todo.c.origin, _todo.c.kind, _todo.c.id) == document)
    came = exists().where(
        _ledger.c.feed == _feed.c.number,
        tuple_(_ledger.c.origin, _ledger.c.kind, _ledger.c.id) == tuple(key),
        tuple_(_ledger.c.epoch, _ledger.c.number) >= (int(version.epoch), version.number),
    )
    if sight is Sight.PUBLIC:
        came = came.where(_feed.c.name.endswith(f"/{NETWORK}"))
    elif key.origin == us:  # one feed's withdrawal comes with another feed's put, which may be the later to arrive
        came = came.where(_ledger.c.op != "withdraw")
    known = came & ~waits
    if sight is Sight.STAFF:
        known &= ~exists().where(
            tuple_(_indexed.c.origin, _indexed.c.kind, _indexed.c.id) == document, _indexed.c.draft
        )
    return bool(session.connection().execute(select(known)).scalar_one())

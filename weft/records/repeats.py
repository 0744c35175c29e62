"""Requests that are sent again because their answer was lost: an `Idempotency-Key` makes the record that they create one.

For creation alone. A PUT names its record and the version that it changes, and an import that is sent again finds what it
wrote unchanged: neither needs a key.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple

from fastapi import Depends, Header, Request
from sqlalchemy import delete, select
from sqlmodel import Session

from weft.clock import stamp
from weft.database.statements import insert, one_writer, table
from weft.identity import caller_of
from weft.journal.incarnation import Incarnation
from weft.journal.models import RepeatRow
from weft.problems import Problem
from weft.protocol.names import Key

KEPT = timedelta(days=1)
MOST = 10_000
"""How many are kept at a time; the oldest go first."""

_repeat = table(RepeatRow)


class KeyReused(Problem):
    status, code, title = 422, "idempotency-key-reused", "This Idempotency-Key came with another request"
    hint = "Make a new key for each record; send the same one only to repeat the very same request."


class Sending(NamedTuple):
    """A request that may have been sent before. `request`: a hash of where it goes and what it says."""

    caller: str
    key: str
    request: str


async def _sending(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(min_length=1, max_length=200, description="Any text; the same one again within a day creates once."),
    ] = None,
) -> Sending | None:
    if idempotency_key is None:
        return None
    said = hashlib.sha256(request.url.path.encode() + b"\0" + await request.body())
    return Sending(caller_of(request).name, idempotency_key, said.hexdigest())


TheSending = Annotated[Sending | None, Depends(_sending)]


def once(session: Session, us: Incarnation, sending: Sending | None, key: Key, make: Callable[[], object]) -> Key:
    """Make a record under this key unless the same request has made one: the key of the one that is there then.

    Raises:
        KeyReused: another request came with the same Idempotency-Key.
    """
    if sending is None:
        make()
        return key
    one_writer(session)
    now = us.now()
    expired = stamp(datetime.fromisoformat(now) - KEPT)
    session.connection().execute(delete(_repeat).where(_repeat.c.at <= expired))
    same = select(_repeat).where(_repeat.c.caller == sending.caller, _repeat.c.key == sending.key)
    before = session.connection().execute(same).first()
    if before is None:
        make()
        insert(session, RepeatRow, [{**sending._asdict(), "record": str(key), "at": now}])
        _bound(session)
        return key
    if before.request != sending.request:
        raise KeyReused(f"it made {before.record} at {before.at}")
    return Key.parse(before.record)


def _bound(session: Session) -> None:
    too_old = select(_repeat.c.at).order_by(_repeat.c.at.desc()).offset(MOST).limit(1).scalar_subquery()
    session.connection().execute(delete(_repeat).where(_repeat.c.at <= too_old))

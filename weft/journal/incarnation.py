"""The running incarnation of an origin's service: its epoch, and where time, salt and signatures come from."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from weft.clock import utc_now
from weft.database.statements import one_writer
from weft.journal.models import IncarnationRow
from weft.protocol.limits import SALT_BYTES
from weft.protocol.names import Epoch, Feed
from weft.protocol.signing import SigningKey


@dataclass(frozen=True)
class Incarnation:
    """What decides how a change is written, given as one value so that a simulation can decide it too.

    `epoch`: the one that this process began. Where several share a database, all write in the newest (`newest`).
    """

    origin: str
    service: str
    epoch: Epoch
    key: SigningKey
    now: Callable[[], str] = utc_now
    salt: Callable[[], bytes] = field(default=lambda: secrets.token_bytes(SALT_BYTES))

    def feed(self, audience: str) -> Feed:
        return Feed(self.origin, self.service, audience)


def begin(session: Session, tag: int, now: str, *, known: int = 0) -> Epoch:
    """Begin an epoch above every one of our own that this database, or `known`, has seen (rule 8).

    The tag is 32 random bits. Feeds of other origins may lie beside ours here: their epochs are not asked, else one
    peer that claims the last epoch would keep us from ever starting again.

    It is written down before anything carries it, so that no later incarnation of this database uses it again.
    """
    one_writer(session)
    epoch = Epoch.after(max(_newest(session), known), tag)
    session.add(IncarnationRow(epoch=int(epoch), began_at=now))
    return epoch


def newest(session: Session, us: Incarnation) -> Epoch:
    """The epoch in which a change is written or sealed now: the newest of this database, whichever worker began it.

    A worker that went on in its own, older one would write versions below those of a worker that started later. Read it
    after what is to be numbered: no version is then of a later epoch than the commit that carries it.
    """
    return Epoch(max(_newest(session), us.epoch))


def _newest(session: Session) -> int:
    query = select(IncarnationRow.epoch).order_by(col(IncarnationRow.epoch).desc()).limit(1)
    return session.exec(query).first() or 0

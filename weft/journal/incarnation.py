"""The running incarnation of an origin's service: its epoch, and where time, salt and signatures come from."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlmodel import Session, col, select

from weft.clock import utc_now
from weft.journal.models import IncarnationRow
from weft.protocol.limits import SALT_BYTES
from weft.protocol.names import Epoch, Feed
from weft.protocol.signing import SigningKey


@dataclass(frozen=True)
class Incarnation:
    """What decides how a change is written, given as one value so that a simulation can decide it too."""

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
    newest = session.exec(select(IncarnationRow.epoch).order_by(col(IncarnationRow.epoch).desc()).limit(1)).first()
    epoch = Epoch.after(max(newest or 0, known), tag)
    session.add(IncarnationRow(epoch=int(epoch), began_at=now))
    return epoch

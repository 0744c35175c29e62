"""What applying a feed does to a service: records to show, records to hide. The service says how, in the same transaction."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlmodel import Session

from weft.protocol.names import Key, Version


class Show(NamedTuple):
    """A record as it is to be shown from now on. `public`: the whole network may have it, so anybody may read it."""

    key: Key
    version: Version
    body: bytes
    public: bool


class Rejected(NamedTuple):
    """A record that the service cannot show: it waits in quarantine, and the feed moves on."""

    key: Key
    version: Version
    reason: str


class Projection(Protocol):
    """A service's own tables, as the effects of feeds. Both methods are called inside the applying transaction."""

    def show(self, session: Session, shows: Sequence[Show]) -> list[Rejected]:
        """Insert or replace these records; what cannot be read is returned, never raised."""

    def hide(self, session: Session, keys: Sequence[Key]) -> None:
        """Forget these records; one that is not there is no error."""

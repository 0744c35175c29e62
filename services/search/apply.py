"""Applying feeds: what changes in what is shown becomes rows for the index. Implements `weft.inbox.effects.Projection`."""

from collections.abc import Callable, Sequence

from sqlalchemy import event
from sqlmodel import Session

from services.search import documents, store
from services.search.documents import Unreadable
from services.search.store import Entry
from weft.inbox.effects import Rejected, Show
from weft.protocol.names import Key


class Documents:
    """The search service's projection of feeds. `changed` is called, in the applying thread, after each commit."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def show(self, session: Session, shows: Sequence[Show]) -> list[Rejected]:
        """Insert or replace these records; what cannot be read is returned, never raised."""
        entries: list[Entry] = []
        rejected: list[Rejected] = []
        for item in shows:
            try:
                body = documents.read(item.key.kind, item.body)
            except Unreadable as error:
                rejected.append(Rejected(item.key, item.version, str(error)))
            else:
                entries.append(Entry(item.key, item.version, item.public, body, item.body))
        store.show(session, entries)
        self._when_committed(session)
        return rejected

    def hide(self, session: Session, keys: Sequence[Key]) -> None:
        """Forget these records."""
        store.hide(session, keys)
        self._when_committed(session)

    def _when_committed(self, session: Session) -> None:
        event.listen(session, "after_commit", lambda _: self._changed(), once=True)

"""Applying feeds: what peers publish becomes documents that are shown here. Implements `weft.inbox.effects.Projection`."""

from collections.abc import Sequence

from pydantic import ValidationError
from sqlmodel import Session

from services.catalog import rows, wire
from services.catalog.rows import Entry
from services.catalog.schemas import KIND, Document
from weft.inbox.effects import Rejected, Show
from weft.problems import Problem
from weft.protocol.names import Key


class Documents:
    """The catalog's projection of feeds."""

    def show(self, session: Session, shows: Sequence[Show]) -> list[Rejected]:
        """Insert or replace these records; what cannot be read is returned, never raised."""
        entries: list[Entry] = []
        rejected: list[Rejected] = []
        for item in shows:
            read = _read(item)
            if isinstance(read, Entry):
                entries.append(read)
            else:
                rejected.append(Rejected(item.key, item.version, read))
        rows.show(session, entries)
        return rejected

    def hide(self, session: Session, keys: Sequence[Key]) -> None:
        """Forget these records."""
        rows.hide(session, [key for key in keys if key.kind == KIND])


def read(body: bytes) -> Document:
    """The document in a body that came by a feed or from the journal.

    Raises:
        Problem, ValidationError: it is none.
    """
    return Document.model_validate(wire.read(body))


def _read(item: Show) -> Entry | str:
    if item.key.kind != KIND:
        return "unknown-kind"
    try:
        return Entry(item.key, item.version, read(item.body), item.public)
    except Problem as problem:
        return f"{problem.code}: {problem.detail}"
    except ValidationError as error:
        flaws = (f"{'.'.join(map(str, flaw['loc']))[:100]}: {flaw['msg']}" for flaw in error.errors()[:5])
        return f"invalid: {'; '.join(flaws)}"

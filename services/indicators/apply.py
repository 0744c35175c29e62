"""Applying feeds: what peers publish becomes series that are shown here. Implements `weft.inbox.effects.Projection`."""

from collections.abc import Sequence
from typing import Any

import msgspec
from pydantic import ValidationError
from sqlmodel import Session

from services.indicators import rows, wire
from services.indicators.rows import Entry
from services.indicators.schemas import KIND, Series
from weft.inbox.effects import Rejected, Show
from weft.protocol.names import Key


class AllSeries:
    """The indicators service's projection of feeds."""

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


def _read(item: Show) -> Entry | str:
    if item.key.kind != KIND:
        return "unknown-kind"
    try:
        series: dict[str, Any] = msgspec.json.decode(item.body, type=dict[str, Any])
        Series.model_validate(series)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return f"malformed: {error}"
    except ValidationError as error:
        problem = wire.refused(error)
        return f"{problem.code}: {problem.detail}"
    return Entry(item.key, item.version, series, item.public)

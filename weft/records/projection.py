"""Applying feeds: what peers publish of one kind becomes rows that are shown. Implements `weft.inbox.effects.Projection`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlmodel import Session

from weft.inbox.effects import Rejected, Show
from weft.log import feeds
from weft.problems import Problem
from weft.protocol.names import Key, Version
from weft.records import changes
from weft.records.changes import Seen
from weft.records.rows import Entry
from weft.records.sight import Sight, by_audience

T = TypeVar("T")


@dataclass(frozen=True)
class Projection(Generic[T]):
    """`read` raises a `Problem` where a body is no record; `put` and `forget` change the service's own tables.

    `seen_by`: who sees a record at the least, as the rows' own filter has it.
    """

    kind: str
    read: Callable[[bytes], T]
    put: Callable[[Session, Sequence[Entry[T]]], None]
    forget: Callable[[Session, Sequence[Key]], None]
    seen_by: Callable[[T, bool], Sight] = by_audience

    def show(self, session: Session, shows: Sequence[Show]) -> list[Rejected]:
        """Insert or replace these records; what cannot be read is returned, never raised."""
        entries: list[Entry[T]] = []
        rejected: list[Rejected] = []
        for item in shows:
            if item.key.kind != self.kind:
                rejected.append(Rejected(item.key, item.version, "unknown-kind"))
                continue
            try:
                entries.append(Entry(item.key, item.version, self.read(item.body), item.public))
            except Problem as problem:
                rejected.append(Rejected(item.key, item.version, f"{problem.code}: {problem.detail}"))
        self.put(session, entries)
        changes.note(
            session, [Seen(entry.key, entry.version, self.seen_by(entry.record, entry.public)) for entry in entries]
        )
        return rejected

    def hide(self, session: Session, keys: Sequence[Key]) -> None:
        """Forget these records."""
        ours = [key for key in keys if key.kind == self.kind]
        self.forget(session, ours)
        changes.gone(session, _ended(session, ours))


def _ended(session: Session, keys: Sequence[Key]) -> dict[Key, Version | None]:
    """The versions at which records ended: the highest that any feed knows, since ledgers move before effects."""
    found: dict[Key, Version | None] = {}
    for origin in {key.origin for key in keys}:
        known = feeds.entries_in_all_feeds(
            session, origin, [(key.kind, key.id) for key in keys if key.origin == origin]
        )
        for (kind, id_), entries in known.items():
            found[Key(origin, kind, id_)] = max((entry.version for entry in entries.values()), default=None)
    return {key: found.get(key) for key in keys}

"""Applying feeds: what peers publish of one kind becomes rows that are shown. Implements `weft.inbox.effects.Projection`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlmodel import Session

from weft.inbox.effects import Rejected, Show
from weft.problems import Problem
from weft.protocol.names import Key
from weft.records.rows import Entry

T = TypeVar("T")


@dataclass(frozen=True)
class Projection(Generic[T]):
    """`read` raises a `Problem` where a body is no record; `put` and `forget` change the service's own tables."""

    kind: str
    read: Callable[[bytes], T]
    put: Callable[[Session, Sequence[Entry[T]]], None]
    forget: Callable[[Session, Sequence[Key]], None]

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
        return rejected

    def hide(self, session: Session, keys: Sequence[Key]) -> None:
        """Forget these records."""
        self.forget(session, [key for key in keys if key.kind == self.kind])

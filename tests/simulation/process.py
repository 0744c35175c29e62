"""A process: a database that lasts, memory that does not, and a fuse that stops it at a transaction's boundary."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlmodel import Session

from tests.simulation import store

if TYPE_CHECKING:
    from tests.simulation.world import World


class Crash(BaseException):
    """The process is gone. `committed`: whether the transaction at hand had been committed before."""

    def __init__(self, process: Process, *, committed: bool) -> None:
        super().__init__(process.name)
        self.process = process
        self.committed = committed


class Process:
    def __init__(self, world: World, name: str) -> None:
        self.world = world
        self.name = name
        self.database = store.empty()
        self.running = False
        self.fuse: int | None = None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One write transaction, with a boundary before its commit and one after it."""
        with self.database.writing() as session:
            yield session
            self._boundary(committed=False)
        self.committed()
        self._boundary(committed=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.database.reading() as session:
            yield session

    def _boundary(self, *, committed: bool) -> None:
        self.world.boundaries += 1
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise Crash(self, committed=committed)

    def committed(self) -> None:
        """Called after each commit, for what the oracle wants to see."""

    def start(self) -> None:
        self.running = True

    def stop(self) -> None:
        """Everything but the database is forgotten."""
        self.running = False
        self.fuse = None
        self.forget()

    def forget(self) -> None:
        """Drop what is only in memory."""

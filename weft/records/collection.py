"""The kinds of one service together: what it shows of feeds, follows of its journal, routes and tells changes of."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session

from weft.inbox.effects import Projection, Rejected, Show
from weft.journal.incarnation import Incarnation
from weft.protocol.names import Key
from weft.records import resource
from weft.records.kinds import Kind
from weft.records.lines import FILE_BYTES
from weft.records.rows import Shelf

Follow = Callable[[Session, Incarnation], int]


class Collection:
    """Kinds that are described, and beside them parts that a service makes by itself: projections by kind, and what follows."""

    def __init__(
        self, *kinds: Kind[Any], projections: Mapping[str, Projection] | None = None, follow: Sequence[Follow] = ()
    ) -> None:
        self.kinds = kinds
        self._projections: dict[str, Projection] = dict(projections or {})
        self._follow = list(follow)
        for kind in kinds:
            self._projections |= {kind.name: kind.projection, kind.takedowns.kind: kind.takedowns.projection}
            self._follow += [kind.own.follow, kind.takedowns.own.follow]

    @property
    def projection(self) -> Projection:
        return _ByKind(self._projections)

    def follow(self, session: Session, us: Incarnation) -> int:
        """Show what the journal has where something else than a service wrote it; some may be left unless it is 0."""
        return sum(follow(session, us) for follow in self._follow)

    @cached_property
    def routers(self) -> list[APIRouter]:
        return [resource.router(kind) for kind in self.kinds]

    @property
    def shelves(self) -> dict[str, Shelf]:
        """Where changes find records, by kind."""
        shelves = {kind.name: kind.shelf for kind in self.kinds}
        return shelves | {kind.takedowns.kind: kind.takedowns.shelf for kind in self.kinds}

    @property
    def large(self) -> dict[str, int]:
        """The paths that take more than a record, and how much."""
        return {f"{kind.path}/bulk": FILE_BYTES for kind in self.kinds}


class _ByKind:
    """Projections of several kinds as one. Implements `weft.inbox.effects.Projection`."""

    def __init__(self, projections: Mapping[str, Projection]) -> None:
        self._projections = projections

    def show(self, session: Session, shows: Sequence[Show]) -> list[Rejected]:
        rejected = [
            Rejected(item.key, item.version, "unknown-kind") for item in shows if item.key.kind not in self._projections
        ]
        for kind, projection in self._projections.items():
            if theirs := [item for item in shows if item.key.kind == kind]:
                rejected += projection.show(session, theirs)
        return rejected

    def hide(self, session: Session, keys: Sequence[Key]) -> None:
        for kind, projection in self._projections.items():
            if theirs := [key for key in keys if key.kind == kind]:
                projection.hide(session, theirs)

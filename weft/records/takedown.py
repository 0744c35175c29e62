"""Takedowns: a record is deleted for good, and why is said in public, at every node that had it.

The reason is a record of its own, of the kind `document-takedown` where a document was taken down, with the same id and the
audience that the record had. It travels by feeds like any other, and is written in the transaction that deletes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import ColumnElement, FromClause, select, true
from sqlmodel import Session

from weft.database.statements import table, upsert
from weft.journal import record
from weft.journal.incarnation import Incarnation
from weft.journal.record import audience_of
from weft.journal.wishes import Wish
from weft.problems import Invalid, NotFound, Problem
from weft.protocol.names import Key, Version
from weft.records import flaws, wire
from weft.records.models import TakedownRow
from weft.records.own import OwnRecords, Put
from weft.records.preconditions import Precondition
from weft.records.projection import Projection
from weft.records.rows import Entry, Shelf, forget
from weft.records.sight import Sight
from weft.records.times import Time

SUFFIX = "-takedown"
_takedown = table(TakedownRow)


class TakenDown(Problem):
    status, code, title = 410, "taken-down", "This record was taken down"
    hint = "It does not come back; 'reason' says why, and its owner's node answers for it."


class TakedownIn(BaseModel):
    """Why a record is taken down, in words that everybody may read who could read the record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Annotated[str, Field(min_length=1, max_length=2_000)]

    @classmethod
    def parse(cls, tree: wire.Object) -> "TakedownIn":
        """The reason in this tree.

        Raises:
            Invalid: there is none, or something besides.
        """
        try:
            return cls.model_validate(tree)
        except ValidationError as error:
            raise flaws.refused(error, "takedown", cls.model_fields) from None


class Takedown(BaseModel):
    """A takedown as its body travels; what a later release adds is kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    taken_down_at: Time

    def members(self) -> dict[str, str]:
        return {"reason": self.reason, "taken_down_at": self.taken_down_at}


def kind_of(kind: str) -> str:
    """The kind of the takedowns of records of this kind."""
    return f"{kind}{SUFFIX}"


def read(body: bytes) -> Takedown:
    """The takedown in a body.

    Raises:
        Malformed, Invalid: it is none.
    """
    try:
        return Takedown.model_validate(wire.read(body))
    except ValidationError as error:
        raise flaws.refused(error, "takedown", Takedown.model_fields) from None


def visible(sight: Sight) -> ColumnElement[bool]:
    """What must hold of a row for it to be seen. Drafts are not taken down."""
    return _takedown.c.public if sight is Sight.PUBLIC else true()


def raise_if(session: Session, key: Key, sight: Sight) -> None:
    """Say why a record is not there, if that is because it was taken down and could be seen before.

    Raises:
        TakenDown: it was.
    """
    query = select(_takedown.c.members).where(
        _takedown.c.kind == kind_of(key.kind),
        _takedown.c.origin == key.origin,
        _takedown.c.id == key.id,
        visible(sight),
    )
    members = session.connection().execute(query).scalar()
    if members is not None:
        said = read(wire.joined(members))
        raise TakenDown(f"{key} was taken down at {said.taken_down_at}: {said.reason}"[:2_500], **said.members())


@dataclass(frozen=True)
class Takedowns:
    """The takedowns of one kind of records."""

    of: OwnRecords[Any]

    @property
    def kind(self) -> str:
        return kind_of(self.of.kind)

    @cached_property
    def rows(self) -> FromClause:
        """What is shown of them."""
        return select(_takedown).where(_takedown.c.kind == self.kind).subquery()

    @cached_property
    def own(self) -> OwnRecords[Takedown]:
        """Those of this node's records."""
        return OwnRecords(self.kind, self.rows, read=read, show=_show, hide=_hide)

    @cached_property
    def projection(self) -> Projection[Takedown]:
        """Those that peers' feeds bring."""
        return Projection(self.kind, read=read, put=_show, forget=_hide)

    @property
    def shelf(self) -> Shelf:
        """Where changes find them."""
        return Shelf(self.rows, self._visible)

    def take_down(self, session: Session, us: Incarnation, id_: str, reason: str, precondition: Precondition) -> Put:
        """Delete a record of ours, and say why. The version is that of the takedown.

        Raises:
            NotFound: there is none of this name.
            Stale, Unconditional: it is not at the version that is demanded, or none is.
            Invalid: it is a draft, which nobody could read.
        """
        name = (self.of.kind, id_)
        present = record.current(session, [name]).get(name)
        if present is None or not present.audience or present.body is None:
            raise NotFound(f"there is no {self.of.kind} {us.origin}/{id_}")
        precondition.demand(Version(present.epoch, present.number))
        if self.of.seen_by(self.of.read(present.body), False) is Sight.EDITORS:
            raise Invalid("a draft was never published: delete it")
        wish = Wish(audience_of(present.audience))
        self.of.delete(session, us, id_, precondition)
        said = Takedown(reason=reason, taken_down_at=us.now())
        return self.own.revive(session, us, id_, wire.write(said.members()), wish)

    def _visible(self, sight: Sight) -> ColumnElement[bool]:
        return self.rows.c.public if sight is Sight.PUBLIC else true()

    def undelete(self, session: Session, us: Incarnation, id_: str) -> Put:
        """Take a deletion back, and the takedown if it was one. See `OwnRecords.undelete`."""
        back = self.of.undelete(session, us, id_)
        if self.own.present(session, id_) is not None:
            self.own.delete(session, us, id_, ANY)
        return back


ANY = Precondition(match=frozenset("*"))
"""Whatever version is there."""


def _show(session: Session, entries: Sequence[Entry[Takedown]]) -> None:
    upsert(session, TakedownRow, [_row(entry) for entry in entries])


def _hide(session: Session, keys: Sequence[Key]) -> None:
    for kind in {key.kind for key in keys}:
        forget(session, _takedown, [key for key in keys if key.kind == kind], kind=kind)


def _row(entry: Entry[Takedown]) -> dict[str, Any]:
    return {
        "kind": entry.key.kind,
        **entry.columns(),
        "members": wire.members(entry.record.members()),
        "rest": wire.members(entry.record.model_extra or {}),
    }

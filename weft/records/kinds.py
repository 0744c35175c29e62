"""A kind of record, described once: its routes, imports, exports, and what feeds bring of it are made from the description.

What is shown of every kind is in one pair of tables (`shown`), so that a new kind needs no table of its own.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, create_model
from sqlalchemy import ColumnElement, FromClause, select
from sqlmodel import Session

from weft.database.statements import table
from weft.problems import Problem
from weft.protocol.names import Key
from weft.records import shown
from weft.records.forms import Draft, Form, Told, drafts_apart
from weft.records.listings import Export, Filters, Listing
from weft.records.models import ShownRow
from weft.records.own import OwnRecords
from weft.records.projection import Projection
from weft.records.rows import Entry, Shelf
from weft.records.sight import Sight
from weft.records.slugs import slug
from weft.records.takedown import Takedowns

R = TypeVar("R", bound=Form)
F = TypeVar("F", bound=Filters)
Tags = Mapping[str, Iterable[str]]
"""What a record is found by: values by field. Those that are keys of records are its references."""
_shown = table(ShownRow)


def last_change(record: Form) -> str:
    return record.updated_at


def no_members(session: Session, origin: str, ids: Sequence[str]) -> Mapping[str, bytes]:
    """For kinds of which an editor says everything."""
    return {}


def nothing(session: Session, changed: Sequence[Any]) -> None:
    """For kinds that have nothing beside their rows."""


def nobody(session: Session, origin: str, drafts: Mapping[str, Any]) -> Mapping[str, Problem]:
    """For kinds of which any draft may follow any other."""
    return {}


def nothing_else(session: Session, key: Key, sight: Sight) -> Mapping[str, Any]:
    """For kinds whose records are answered as they are kept."""
    return {}


@dataclass(frozen=True, eq=False)
class Kind(Generic[R]):
    """`draft`, `form` and `told` are a record as it is written, as it travels and as it is answered.

    `filters`: what lists are narrowed by. `tags`: of a record or a draft. `answered`: how fields are told whose values differ
    from those that travel. `whole`: fields that only the record itself tells, and lists leave out. `place`: where it stands in
    lists. `titled`: what its id is made of when it comes without one. `seen_by`: who sees it at the least. `group`: the tag by
    which others name a record, and by which it is found itself. `carried`: members, by id, that own records keep whatever an
    editor writes of them. `refuses`: which drafts, by id, may not follow what is there. `beside`: what a record is answered with
    that is found when it is asked for. `kept` and `dropped` change what a service has beside the rows, in the same transaction.
    """

    name: str
    plural: str
    draft: type[Draft]
    form: type[R]
    told: type[Told]
    filters: type[Filters]
    tags: Callable[[Any], Tags]
    answered: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    place: Callable[[R], str] = last_change
    newest_first: bool = True
    titled: Callable[[Any], str] = lambda draft: str(draft.title)
    seen_by: Callable[[R, bool], Sight] = drafts_apart
    carried: Callable[[Session, str, Sequence[str]], Mapping[str, bytes]] = no_members
    group: str | None = None
    beside: Callable[[Session, Key, Sight], Mapping[str, Any]] = nothing_else
    refuses: Callable[[Session, str, Mapping[str, Any]], Mapping[str, Problem]] = nobody
    kept: Callable[[Session, Sequence[Entry[R]]], None] = nothing
    dropped: Callable[[Session, Sequence[Key]], None] = nothing

    @property
    def path(self) -> str:
        return f"/api/v1/{self.plural}"

    @cached_property
    def rows(self) -> FromClause:
        """What is shown of them."""
        return select(_shown).where(_shown.c.kind == self.name).subquery(self.plural)

    @cached_property
    def listed(self) -> frozenset[str]:
        """The fields that lists show."""
        return frozenset(self.form.model_fields) - self.whole

    @cached_property
    def made(self) -> frozenset[str]:
        """The fields that the node says of a record, whatever its body says."""
        return frozenset({"id", *Told.model_fields, *self.told.model_fields}) - self.form.model_fields.keys()

    @cached_property
    def listing(self) -> type[Listing]:
        return self._asked(Listing)

    @cached_property
    def export(self) -> type[Export]:
        return self._asked(Export)

    @cached_property
    def page(self) -> type[BaseModel]:
        """A page of a list, for those who read its description."""
        return create_model(
            f"{self.form.__name__}Page",
            __doc__="One page. `next` is the `after` of the page that follows.",
            items=(list[self.told], ...),  # type: ignore[name-defined]  # a type that is known when this runs
            total=(int, ...),
            next=(str | None, ...),
        )

    @cached_property
    def own(self) -> OwnRecords[R]:
        """Those of this node."""
        return OwnRecords(self.name, self.rows, read=self.read, show=self.show, hide=self.hide, seen_by=self.seen_by)

    @cached_property
    def projection(self) -> Projection[R]:
        """Those that peers' feeds bring."""
        return Projection(self.name, read=self.read, put=self.show, forget=self.hide, seen_by=self.seen_by)

    @cached_property
    def takedowns(self) -> Takedowns:
        return Takedowns(self.own)

    @cached_property
    def shelf(self) -> Shelf:
        """Where changes find them."""
        return Shelf(self.rows, self.visible)

    def visible(self, sight: Sight) -> ColumnElement[bool]:
        """What must hold of a row for it to be seen."""
        return self.rows.c.sight <= sight.rank

    def read(self, body: bytes) -> R:
        """The record in a body.

        Raises:
            Malformed, Invalid: it is none.
        """
        return self.form.read(body, self.name)

    def show(self, session: Session, entries: Sequence[Entry[R]]) -> None:
        """Insert or replace these records; each comes once."""
        shown.show(session, self, entries)
        self.kept(session, entries)

    def hide(self, session: Session, keys: Sequence[Key]) -> None:
        """Take these records out; one that is not there is no error."""
        shown.hide(session, self, keys)
        self.dropped(session, keys)

    def _asked(self, how: type[F]) -> type[F]:
        """The kind's filters, and how what they leave is to be answered."""
        bases: tuple[Any, ...] = (how, self.filters)
        made: Any = create_model(f"{self.form.__name__}{how.__name__}", __base__=bases)
        return cast(type[F], made)

    def new_id(self, draft: Draft, token: str) -> str:
        """An id for a record that comes without one."""
        return slug(self.titled(draft), token, kind=self.name)

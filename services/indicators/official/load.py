"""Showing the official lists beside other records: those of this release, and none of another. Nothing is journalled or sent."""

from collections import defaultdict
from typing import Any, Final

from sqlalchemy import func, select
from sqlmodel import Session

from services.indicators.official import ORIGIN, RELEASE
from services.indicators.official.records import KINDS, records
from weft.database.statements import one_writer, table
from weft.journal.incarnation import Incarnation
from weft.protocol.names import Key, Version
from weft.records import changes
from weft.records.changes import Seen
from weft.records.models import ShownRow
from weft.records.rows import Entry
from weft.records.sight import Sight

VERSION: Final = Version(0, RELEASE)
_shown = table(ShownRow)


def follow(session: Session, us: Incarnation) -> int:
    """Show this release's lists where another's are shown, or none; how many records changed. Whose node it is makes no
    difference."""
    if _at_this_release(session):
        return 0
    one_writer(session)
    return 0 if _at_this_release(session) else load(session)


def load(session: Session) -> int:
    """Put this release's records, and take out those that it does not have."""
    wanted = records()
    dropped = dict.fromkeys(_shown_keys(session) - wanted.keys(), VERSION)
    by_kind: dict[str, list[Entry[Any]]] = defaultdict(list)
    for key, record in wanted.items():
        by_kind[key.kind].append(Entry(key, VERSION, record, public=True))
    for kind in KINDS:
        kind.hide(session, [key for key in dropped if key.kind == kind.name])
        kind.show(session, by_kind[kind.name])
    changes.gone(session, dropped)
    changes.note(session, [Seen(key, VERSION, Sight.PUBLIC) for key in wanted])
    return len(wanted) + len(dropped)


def _at_this_release(session: Session) -> bool:
    versions = (_shown.c.epoch, _shown.c.number)
    query = select(*versions, func.count()).where(*_ours()).group_by(*versions)
    found = [tuple(line) for line in session.connection().execute(query)]
    return found == [(*VERSION, len(records()))]


def _shown_keys(session: Session) -> set[Key]:
    query = select(_shown.c.kind, _shown.c.id).where(*_ours())
    return {Key(ORIGIN, line.kind, line.id) for line in session.connection().execute(query)}


def _ours() -> tuple[Any, ...]:
    return _shown.c.kind.in_([kind.name for kind in KINDS]), _shown.c.origin == ORIGIN

"""Our own series: writing them in one transaction with the journal. Others' come by `apply`, all are read by `shelf`."""

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlmodel import Session

from services.indicators import rows
from services.indicators.models import SeriesRow
from services.indicators.schemas import KIND
from weft.database.statements import table
from weft.journal.incarnation import Incarnation
from weft.problems import Problem
from weft.records.own import Content, OwnRecords, Put
from weft.records.preconditions import Precondition
from weft.records.takedown import Takedowns


def read(body: bytes) -> dict[str, Any]:
    """A body of ours, which was judged before it was written."""
    return msgspec.json.decode(body, type=dict[str, Any])


OURS = OwnRecords(KIND, table(SeriesRow), read=read, show=rows.show, hide=rows.hide)
TAKEDOWNS = Takedowns(OURS)


def put(session: Session, us: Incarnation, id_: str, content: Content, precondition: Precondition) -> Put:
    """Create or revise one of our series. What is there already in the same words makes no new version.

    Raises:
        Stale, Unconditional: the series is not at the version that is demanded, or none is.
        Deleted: the key was used before.
        Invalid: the audience names nobody who is approved.
    """
    precondition.demand(OURS.present(session, id_))
    for problem in refused(session, us, {id_: content}).values():
        raise problem
    return OURS.put_many(session, us, {id_: content})[id_]


def refused(session: Session, us: Incarnation, contents: Mapping[str, Content]) -> dict[str, Problem]:
    """Which of these may not be written now, and why."""
    return OURS.refused(session, us, {id_: content.audience for id_, content in contents.items()})

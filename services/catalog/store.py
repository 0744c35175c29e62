"""Our own documents: writing them in one transaction with the journal. Others' come by `apply`, all are read by `shelf`."""

from collections.abc import Mapping

from sqlmodel import Session

from services.catalog import references, rows
from services.catalog.models import DocumentRow
from services.catalog.schemas import DocumentIn
from weft.database.statements import table
from weft.journal.incarnation import Incarnation
from weft.problems import Problem
from weft.records import documents
from weft.records.own import OwnRecords, Put
from weft.records.preconditions import Precondition
from weft.records.reports import Outcome

OURS = OwnRecords(documents.KIND, table(DocumentRow), read=documents.read, show=rows.show, hide=rows.hide)


def put(session: Session, us: Incarnation, id_: str, draft: DocumentIn, precondition: Precondition) -> Put:
    """Create or revise one of our documents. What is there already in the same words makes no new version.

    Raises:
        Stale, Unconditional: the document is not at the version that is demanded, or none is.
        Deleted: the key was used before.
        Invalid: the audience names nobody who is approved.
        TooWide: it would refer to what not all of its readers may have, or be referred to so.
    """
    precondition.demand(OURS.present(session, id_))
    for problem in refused(session, us, {id_: draft}, {id_: draft}).values():
        raise problem
    return put_many(session, us, {id_: draft})[id_]


def put_many(session: Session, us: Incarnation, drafts: Mapping[str, DocumentIn]) -> dict[str, Put]:
    """Create or revise our documents; `refused` has passed them."""
    return OURS.put_many(session, us, {id_: draft.content() for id_, draft in drafts.items()})


def forecast(session: Session, us: Incarnation, drafts: Mapping[str, DocumentIn]) -> dict[str, Outcome]:
    """What `put_many` would make of these drafts."""
    return OURS.forecast(session, us, {id_: draft.content() for id_, draft in drafts.items()})


def refused(
    session: Session, us: Incarnation, drafts: Mapping[str, DocumentIn], around: Mapping[str, DocumentIn]
) -> dict[str, Problem]:
    """Which of these drafts may not be written now, and why. `around`: all that is being written, these included."""
    audiences = {id_: draft.audience for id_, draft in drafts.items()}
    return references.refused(session, us, drafts, around) | OURS.refused(session, us, audiences)

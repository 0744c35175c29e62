"""Our own documents: writing them in one transaction with the journal. Others' come by `apply`, all are read by `shelf`."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec
from sqlalchemy import and_, or_, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from services.catalog import references, rows, wire
from services.catalog.apply import read
from services.catalog.models import DocumentRow
from services.catalog.preconditions import Precondition
from services.catalog.rows import Entry
from services.catalog.schemas import KIND, DocumentIn
from weft.database.statements import chunks, table
from weft.journal import record
from weft.journal.incarnation import Incarnation
from weft.journal.models import OwnRow
from weft.journal.record import Audience, Condition, Draft, audience_of, audience_text
from weft.problems import NotFound, Problem
from weft.protocol.names import NETWORK, Key, Version

_document, _own = table(DocumentRow), table(OwnRow)
FOLLOWED = 500

Outcome = Literal["created", "revised", "unchanged"]


class Put(NamedTuple):
    """What became of a document that was put."""

    version: Version
    outcome: Outcome


class Revision(NamedTuple):
    """A draft beside what the journal has of it: the body to be written, or the present one when nothing differs."""

    outcome: Outcome
    body: bytes


def put(session: Session, us: Incarnation, id_: str, draft: DocumentIn, precondition: Precondition) -> Put:
    """Create or revise one of our documents. What is there already in the same words makes no new version.

    Raises:
        Stale, Unconditional: the document is not at the version that is demanded, or none is.
        Deleted: the key was used before.
        Invalid: the audience names nobody who is approved.
        TooWide: it would refer to what not all of its readers may have, or be referred to so.
    """
    present = record.current(session, [(KIND, id_)]).get((KIND, id_))
    precondition.demand(_version(present))
    for problem in refused(session, us, {id_: draft}, {id_: draft}).values():
        raise problem
    return put_many(session, us, {id_: draft})[id_]


def put_many(session: Session, us: Incarnation, drafts: Mapping[str, DocumentIn]) -> dict[str, Put]:
    """Create or revise our documents; `refused` has passed them."""
    present = record.current(session, [(KIND, id_) for id_ in drafts])
    now = us.now()
    revisions = {id_: _revision(draft, present.get((KIND, id_)), now) for id_, draft in drafts.items()}
    changed = [
        Draft(KIND, id_, new.body, drafts[id_].audience) for id_, new in revisions.items() if new.outcome != "unchanged"
    ]
    written = record.put_many(session, us, changed, present=present)
    rows.show(session, [_entry(done.key, done.version, done.audience, revisions[done.key.id].body) for done in written])
    versions = {name[1]: Version(row.epoch, row.number) for name, row in present.items()}
    versions |= {done.key.id: done.version for done in written}
    return {id_: Put(versions[id_], new.outcome) for id_, new in revisions.items()}


def forecast(session: Session, us: Incarnation, drafts: Mapping[str, DocumentIn]) -> dict[str, Outcome]:
    """What `put_many` would make of these drafts."""
    found = session.exec(select_rows(OwnRow).where(OwnRow.kind == KIND, col(OwnRow.id).in_(list(drafts))))
    present = {row.id: row for row in found}
    return {id_: _revision(draft, present.get(id_), us.now()).outcome for id_, draft in drafts.items()}


def refused(
    session: Session, us: Incarnation, drafts: Mapping[str, DocumentIn], around: Mapping[str, DocumentIn]
) -> dict[str, Problem]:
    """Which of these drafts may not be written now, and why. `around`: all that is being written, these included."""
    found = references.refused(session, us, drafts, around)
    for audience in {draft.audience for draft in drafts.values()}:
        try:
            record.check_audience(session, audience)
        except Problem as problem:
            found |= {id_: problem for id_, draft in drafts.items() if draft.audience == audience}
    for part in chunks(list(drafts)):
        deleted = select(_own.c.id, _own.c.updated_at).where(
            _own.c.kind == KIND, _own.c.id.in_(part), _own.c.audience == ""
        )
        for line in session.connection().execute(deleted):
            found[line.id] = record.Deleted(f"{us.origin}/{KIND}/{line.id} was deleted at {line.updated_at}")
    return found


def delete(session: Session, us: Incarnation, id_: str, precondition: Precondition) -> None:
    """Delete one of our documents.

    Raises:
        NotFound: there is none of this name.
        Stale, Unconditional: it is not at the version that is demanded, or none is.
    """
    present = _version(record.current(session, [(KIND, id_)]).get((KIND, id_)))
    if present is None:
        raise NotFound(f"there is no document {us.origin}/{id_}")
    precondition.demand(present)
    deleted = record.delete(session, us, KIND, id_, Condition.ANY)
    rows.hide(session, [deleted.key])


def follow(session: Session, us: Incarnation) -> int:
    """Show what the journal has of our documents where something else than this module wrote it: the removal of a
    reader, a recovery. Returns how many differed; some may be left unless it is 0."""
    same = and_(_document.c.origin == us.origin, _document.c.id == _own.c.id)
    differs = or_(_document.c.epoch != _own.c.epoch, _document.c.number != _own.c.number)
    shown, alive = _document.c.id.is_not(None), _own.c.audience != ""
    behind = or_(and_(alive, or_(~shown, differs)), and_(~alive, shown))
    query = select(_own).join(_document, same, isouter=True).where(_own.c.kind == KIND, behind).limit(FOLLOWED)
    lines = session.connection().execute(query).all()
    rows.hide(session, [Key(us.origin, KIND, line.id) for line in lines if not line.audience])
    entries = [
        _entry(Key(us.origin, KIND, line.id), Version(line.epoch, line.number), audience_of(line.audience), line.body)
        for line in lines
        if line.audience
    ]
    rows.show(session, entries)
    return len(lines)


def _version(present: OwnRow | None) -> Version | None:
    return Version(present.epoch, present.number) if present and present.audience else None


def _revision(draft: DocumentIn, present: OwnRow | None, now: str) -> Revision:
    """The body that this draft makes. A document keeps the time of its creation, and its last change while it is the same."""
    content = draft.content()
    if present is None or present.body is None:
        return Revision("created", _body(content, now, now))
    held = msgspec.json.decode(present.body)
    same = _body(content, held["created_at"], held["updated_at"])
    if same == present.body and audience_text(draft.audience) == present.audience:
        return Revision("unchanged", same)
    return Revision("revised", _body(content, held["created_at"], now))


def _body(content: wire.Object, created_at: str, updated_at: str) -> bytes:
    return wire.write({**content, "created_at": created_at, "updated_at": updated_at})


def _entry(key: Key, version: Version, audience: Audience, body: bytes) -> Entry:
    return Entry(key, version, read(body), public=audience == (NETWORK,), audience=audience_text(audience))

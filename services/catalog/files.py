"""Files of documents: finding one for whoever may read it, and changing which there are, in one transaction with the document."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import and_, select
from sqlmodel import Session

from services.catalog import holds
from services.catalog.documents import DOCUMENT
from services.catalog.holds import Lease
from services.catalog.models import FileRow
from weft.database.statements import table
from weft.identity import Caller, Role
from weft.journal import record, wishes
from weft.journal.incarnation import Incarnation
from weft.journal.models import OwnRow, ReaderRow
from weft.journal.record import audience_of
from weft.journal.wishes import Wish
from weft.problems import NotFound, TooLarge
from weft.protocol.names import Key, Version
from weft.records import answers, takedown, wire
from weft.records.answers import Answer
from weft.records.files import FILES, File
from weft.records.forms import Form
from weft.records.models import ShownRow
from weft.records.own import Content, Put
from weft.records.preconditions import Precondition
from weft.records.sight import Sight

_MADE = frozenset({"files", *Form.model_fields})
_file, _shown, _own = table(FileRow), table(ShownRow), table(OwnRow)


class Changed(NamedTuple):
    """What became of a document whose files were changed, as it is answered."""

    put: Put
    answer: Answer


def find(session: Session, us: str, key: Key, name: str, sight: Sight, caller: Caller) -> File:
    """A file of a document that the caller may read: as any reader, or as a peer for whom the document is.

    Raises:
        NotFound: there is none, or it is not for this caller.
        TakenDown: the document was taken down for a reason that is told.
    """
    same = and_(_shown.c.kind == key.kind, _shown.c.origin == _file.c.origin, _shown.c.id == _file.c.id)
    query = select(_file.c.entry, _shown.c.sight, _shown.c.audience).join(_shown, same)
    line = (
        session.connection()
        .execute(query.where(_file.c.origin == key.origin, _file.c.id == key.id, _file.c.name == name))
        .first()
    )
    if line and (line.sight <= sight.rank or (key.origin == us and _for_peer(session, line.audience, caller))):
        return File.model_validate_json(line.entry)
    takedown.raise_if(session, key, sight)
    raise NotFound(f"there is no file {name} of {key.origin}/{key.id}")


def _for_peer(session: Session, audience: str, caller: Caller) -> bool:
    """Whether a document of ours is for this peer: a name counts with the identity that was approved under it."""
    if caller.role is not Role.PEER or caller.name not in Wish.parse(audience).for_now:
        return False
    reader = session.get(ReaderRow, caller.name)
    return reader is not None and reader.identity == caller.identity


def may_change(session: Session, key: Key, precondition: Precondition) -> None:
    """Say no at once to what would be refused in the end; the document may still change before that.

    Raises:
        NotFound: there is no such document of ours.
        Stale, Unconditional: it is not at the version that is demanded, or none is.
    """
    query = select(_own.c.epoch, _own.c.number).where(
        _own.c.kind == key.kind, _own.c.id == key.id, _own.c.audience != ""
    )
    line = session.connection().execute(query).first()
    if line is None:
        raise NotFound(f"there is no document {key.origin}/{key.id}")
    precondition.demand(Version(line.epoch, line.number))


def put(session: Session, us: Incarnation, key: Key, file: File, lease: Lease, precondition: Precondition) -> Changed:
    """Name a file in a document, in place of the one of that name where there is one. The same file again changes nothing.

    Raises:
        NotFound, Stale, Unconditional: see `may_change`.
        TooLarge: the document has as many files as one may have.
    """
    holds.use(session, lease)
    before = _present(session, us, key, precondition)
    after = {**before.files, file.name: file}
    if len(after) > FILES:
        raise TooLarge(f"a document has at most {FILES} files")
    changed = _write(session, us, key, before, after)
    return changed if file.name in before.files else changed._replace(put=changed.put._replace(outcome="created"))


def take_out(session: Session, us: Incarnation, key: Key, name: str, precondition: Precondition) -> Changed:
    """Name a file no more.

    Raises:
        NotFound: there is none of this name, or no such document.
        Stale, Unconditional: see `may_change`.
    """
    before = _present(session, us, key, precondition)
    if name not in before.files:
        raise NotFound(f"there is no file {name} of {key.origin}/{key.id}")
    return _write(session, us, key, before, {each: file for each, file in before.files.items() if each != name})


class _Present(NamedTuple):
    """A document of ours as it is before its files change: what else it says, and its files by name."""

    members: bytes
    wish: Wish
    files: Mapping[str, File]


def _present(session: Session, us: Incarnation, key: Key, precondition: Precondition) -> _Present:
    named = (key.kind, key.id)
    row = record.current(session, [named]).get(named)
    if row is None or row.body is None:
        raise NotFound(f"there is no document {key.origin}/{key.id}")
    precondition.demand(Version(row.epoch, row.number))
    document = DOCUMENT.read(row.body)
    said = msgspec.json.decode(row.body)
    members = wire.members({name: value for name, value in said.items() if name not in _MADE})
    wish = wishes.find(session, [named]).get(named, Wish(audience_of(row.audience)))
    return _Present(members, wish, {file.name: file for file in document.files or ()})


def _write(session: Session, us: Incarnation, key: Key, before: _Present, after: Mapping[str, File]) -> Changed:
    files = holds.member_of({name: file.entry for name, file in after.items()})
    content = Content(b",".join([before.members, *files]), before.wish.audience, before.wish.public_from or None)
    done = DOCUMENT.own.put_many(session, us, {key.id: content})[key.id]
    return Changed(done, answers.find(session, DOCUMENT.shelf, key, Sight.EDITORS))

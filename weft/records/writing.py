"""Our own records of a kind: what may be written of drafts, and writing them in one transaction with the journal."""

from collections.abc import Mapping
from typing import Any

from sqlmodel import Session

from weft.journal import record, wishes
from weft.journal.incarnation import Incarnation
from weft.journal.record import audience_of
from weft.journal.wishes import Wish
from weft.problems import Problem
from weft.protocol.names import Key
from weft.records import references
from weft.records.forms import Draft
from weft.records.kinds import Kind
from weft.records.own import Content, Put
from weft.records.preconditions import Precondition
from weft.records.references import Referring
from weft.records.reports import Outcome


def put(session: Session, us: Incarnation, kind: Kind[Any], id_: str, draft: Draft, precondition: Precondition) -> Put:
    """Create or revise one of our records. What is there already in the same words makes no new version.

    Raises:
        Stale, Unconditional: the record is not at the version that is demanded, or none is.
        Deleted: the key was used before.
        Invalid: the audience names nobody who is approved.
        TooWide: it would refer to what not all of its readers may have, or be referred to so.
    """
    precondition.demand(kind.own.present(session, id_))
    drafts = {id_: draft}
    for problem in refused(session, us, kind, drafts, wished(us, kind, drafts)).values():
        raise problem
    return put_many(session, us, kind, {id_: draft})[id_]


def put_many(session: Session, us: Incarnation, kind: Kind[Any], drafts: Mapping[str, Draft]) -> dict[str, Put]:
    """Create or revise our records; `refused` has passed them."""
    return kind.own.put_many(session, us, _contents(session, us, kind, drafts))


def forecast(session: Session, us: Incarnation, kind: Kind[Any], drafts: Mapping[str, Draft]) -> dict[str, Outcome]:
    """What `put_many` would make of these drafts."""
    return kind.own.forecast(session, us, _contents(session, us, kind, drafts))


def _contents(session: Session, us: Incarnation, kind: Kind[Any], drafts: Mapping[str, Draft]) -> dict[str, Content]:
    """What is to be written: what the drafts say, and what the records keep of themselves."""
    carried = kind.carried(session, us.origin, list(drafts))
    return {id_: draft.content().also(carried.get(id_)) for id_, draft in drafts.items()}


def refused(
    session: Session, us: Incarnation, kind: Kind[Any], drafts: Mapping[str, Draft], around: Mapping[Key, Wish]
) -> dict[str, Problem]:
    """Which of these drafts may not be written now, and why. `around`: what is `wished` of all that is being written."""
    keys = {id_: Key(us.origin, kind.name, id_) for id_ in drafts}
    referring = {key: Referring.of(around[key], kind.tags(drafts[id_])) for id_, key in keys.items()}
    narrow = references.refused(session, us, referring, around)
    audiences = {id_: draft.audience for id_, draft in drafts.items()}
    unfit = kind.refuses(session, us.origin, drafts)
    return {key.id: problem for key, problem in narrow.items()} | {**unfit} | kind.own.refused(session, us, audiences)


def wished(us: Incarnation, kind: Kind[Any], drafts: Mapping[str, Draft]) -> dict[Key, Wish]:
    """Who is to have these records."""
    now = us.now()
    return {
        Key(us.origin, kind.name, id_): Wish.of(draft.audience, draft.public_from or "", now)
        for id_, draft in drafts.items()
    }


def undelete(session: Session, us: Incarnation, kind: Kind[Any], id_: str) -> Put:
    """Take a deletion back, and the takedown if it was one.

    Raises:
        NotFound: there never was one of this name.
        NotDeleted: it is there.
        Sealed: the deletion has been sealed.
        TooWide: what it refers to, or what refers to it, has changed its audience meanwhile.
    """
    done = kind.takedowns.undelete(session, us, id_)
    name = (kind.name, id_)
    row = record.current(session, [name])[name]
    wish = wishes.find(session, [name]).get(name) or Wish(audience_of(row.audience))
    key = Key(us.origin, *name)
    again = Referring.of(wish, kind.tags(kind.read(row.body or b"")))
    for problem in references.refused(session, us, {key: again}, {key: wish}).values():
        raise problem
    return done

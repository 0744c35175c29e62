"""References between own documents: none from a wider audience to a narrower one, so that no key of a restricted document
leaves the node in the body of another. Keys of other origins, and keys that are not there, may stand in any document."""

from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlmodel import Session

from services.catalog.models import TagRow
from services.catalog.schemas import DocumentIn
from weft.database.statements import chunks, table
from weft.journal.incarnation import Incarnation
from weft.journal.models import OwnRow
from weft.journal.record import Audience, audience_of
from weft.problems import Problem
from weft.protocol.names import LOCAL, NETWORK, Key
from weft.records.documents import KIND

_own, _tag = table(OwnRow), table(TagRow)


class TooWide(Problem):
    status, code, title = (
        422,
        "reference-too-wide",
        "A document would refer to one that not all of its readers may have",
    )
    hint = "Take the reference out, narrow the audience of the referring document, or widen that of the other."


def covers(target: Audience, source: Audience) -> bool:
    """Whether everybody who has the source may have the target."""
    if source == (LOCAL,) or target == (NETWORK,):
        return True
    return source != (NETWORK,) and set(source) <= set(target)


def refused(
    session: Session, us: Incarnation, drafts: Mapping[str, DocumentIn], around: Mapping[str, DocumentIn]
) -> dict[str, Problem]:
    """Which of these drafts may not be written, and why. `around`: all that is being written, these drafts included."""
    refers = {id_: own_relations(us, draft) for id_, draft in drafts.items()}
    referrers = referring(session, us, drafts)
    asked = {*(other for others in refers.values() for other in others), *(who for who, _ in referrers)}
    present = _audiences(session, asked - around.keys()) | {id_: draft.audience for id_, draft in around.items()}
    found: dict[str, Problem] = {}
    for id_, others in refers.items():
        for other in others:
            if other in present and not covers(present[other], drafts[id_].audience):
                found[id_] = TooWide(_said(us, id_, drafts[id_].audience, other, present[other]))
    for who, id_ in referrers:
        if who in present and who not in around and not covers(drafts[id_].audience, present[who]):
            found[id_] = TooWide(_said(us, who, present[who], id_, drafts[id_].audience))
    return found


def own_relations(us: Incarnation, draft: DocumentIn) -> list[str]:
    """The ids of our own documents that a draft refers to."""
    keys = (Key.parse(text) for text in draft.relation)
    return [key.id for key in keys if (key.origin, key.kind) == (us.origin, KIND)]


def referring(session: Session, us: Incarnation, ids: Iterable[str]) -> list[tuple[str, str]]:
    """Which of our own documents refer to these: pairs of the one that refers and the one that it refers to."""
    found: list[tuple[str, str]] = []
    keys = {str(Key(us.origin, KIND, id_)): id_ for id_ in ids}
    for part in chunks(list(keys)):
        query = select(_tag.c.id, _tag.c.value).where(
            _tag.c.field == "relation", _tag.c.value.in_(part), _tag.c.origin == us.origin
        )
        found += ((line.id, keys[line.value]) for line in session.connection().execute(query))
    return found


def _audiences(session: Session, ids: Iterable[str]) -> dict[str, Audience]:
    found: dict[str, Audience] = {}
    for part in chunks(sorted(ids)):
        query = select(_own.c.id, _own.c.audience).where(
            _own.c.kind == KIND, _own.c.id.in_(part), _own.c.audience != ""
        )
        found |= {line.id: audience_of(line.audience) for line in session.connection().execute(query)}
    return found


def _said(us: Incarnation, wider: str, its: Audience, narrower: str, own: Audience) -> str:
    referring = f"{us.origin}/{KIND}/{wider} is for {', '.join(its)}"
    return f"relation: {referring}, but refers to {us.origin}/{KIND}/{narrower}, which is for {', '.join(own)}"

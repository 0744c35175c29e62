"""References between own records: none from a wider audience to a narrower one, so that no key of a restricted record leaves
the node in the body of another. Keys of other origins, and keys that are not there, may stand in any record.

All kinds of one service are judged together; of what another service owns nothing is known here, and its keys may dangle.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session

from weft.database.statements import chunks, table
from weft.journal import wishes
from weft.journal.incarnation import Incarnation
from weft.journal.models import OwnRow
from weft.journal.record import audience_of
from weft.journal.wishes import Wish
from weft.log.feeds import ids_by_kind
from weft.problems import Problem
from weft.protocol.names import LOCAL, NETWORK, Key
from weft.records.kinds import Tags
from weft.records.models import TagRow

_own, _tag = table(OwnRow), table(TagRow)


class TooWide(Problem):
    status, code, title = 422, "reference-too-wide", "A record would refer to one that not all of its readers may have"
    hint = "Take the reference out, narrow the audience of the referring record, or widen that of the other."


class Referring(NamedTuple):
    """A record as references see it: who is to have it, and what it refers to, with the field that says so."""

    wish: Wish
    refers: Mapping[str, str]

    @classmethod
    def of(cls, wish: Wish, tags: Tags) -> "Referring":
        return cls(wish, {value: field for field, values in tags.items() for value in values if "/" in value})


def covers(target: Wish, source: Wish) -> bool:
    """Whether everybody who has the source may have the target, by then."""
    if source.audience == (LOCAL,):
        return True
    if target.public_from > source.public_from:
        return False
    if target.audience == (NETWORK,):
        return True
    return source.audience != (NETWORK,) and set(source.audience) <= set(target.audience)


def refused(
    session: Session, us: Incarnation, drafts: Mapping[Key, Referring], around: Mapping[Key, Wish]
) -> dict[Key, Problem]:
    """Which of these records may not be written, and why. `around`: who is to have what is being written, these included."""
    refers = {key: [Key.parse(text) for text in draft.refers] for key, draft in drafts.items()}
    asked = {other for others in refers.values() for other in others if other.origin == us.origin}
    referrers = referring(session, us, drafts)
    present = _present(session, us, {*asked, *(who for who, _, _ in referrers)} - around.keys())
    present |= {key: around[key] for key in {*asked, *drafts} & around.keys()}
    found: dict[Key, Problem] = {}
    for key, others in refers.items():
        for other in others:
            if other in present and not covers(present[other], drafts[key].wish):
                field = drafts[key].refers[str(other)]
                found[key] = TooWide(_said(field, key, drafts[key].wish, other, present[other]))
    for who, field, key in referrers:
        if who in present and who not in around and not covers(drafts[key].wish, present[who]):
            found[key] = TooWide(_said(field, who, present[who], key, drafts[key].wish))
    return found


def referring(session: Session, us: Incarnation, keys: Iterable[Key]) -> list[tuple[Key, str, Key]]:
    """Which of our own records refer to these: the one that refers, the field that does, and the one that it refers to."""
    found: list[tuple[Key, str, Key]] = []
    named = {str(key): key for key in keys}
    for part in chunks(list(named)):
        query = select(_tag).where(_tag.c.value.in_(part), _tag.c.origin == us.origin)
        found += (
            (Key(line.origin, line.kind, line.id), line.field, named[line.value])
            for line in session.connection().execute(query)
        )
    return found


def _present(session: Session, us: Incarnation, keys: Iterable[Key]) -> dict[Key, Wish]:
    names = [(key.kind, key.id) for key in keys]
    found: dict[Key, Wish] = {}
    for kind, ids in ids_by_kind(names).items():
        for part in chunks(sorted(ids)):
            query = select(_own.c.id, _own.c.audience).where(
                _own.c.kind == kind, _own.c.id.in_(part), _own.c.audience != ""
            )
            lines = session.connection().execute(query)
            found |= {Key(us.origin, kind, line.id): Wish(audience_of(line.audience)) for line in lines}
    embargoed = wishes.find(session, names)
    return found | {Key(us.origin, *name): wish for name, wish in embargoed.items()}


def _said(field: str, wider: Key, its: Wish, narrower: Key, own: Wish) -> str:
    return f"{field}: {wider} is for {_whom(its)}, but refers to {narrower}, which is for {_whom(own)}"


def _whom(wish: Wish) -> str:
    return ", ".join(wish.audience) + (f" from {wish.public_from} on" if wish.public_from else "")

"""The life of a region's targets and indicators: which status may follow which. A new one may begin anywhere: lists exist."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import Session

from weft.database.statements import chunks, table
from weft.problems import Problem
from weft.records.models import TagRow

NEXT: Final[Mapping[str, frozenset[str]]] = {
    "proposed": frozenset({"under-review", "retired"}),
    "under-review": frozenset({"proposed", "endorsed", "retired"}),
    "endorsed": frozenset({"under-review", "retired"}),
    "retired": frozenset({"proposed"}),
}
_tag = table(TagRow)


class NoSuchStep(Problem):
    status, code, title = 422, "no-such-step", "This status cannot follow the one that the record has"
    hint = "Go by a status that may follow: 'allowed' names them."


def of(kind: str) -> Callable[[Session, str, Mapping[str, Any]], Mapping[str, Problem]]:
    """Which drafts of this kind, by id, may not be written, since their status cannot follow the present one."""

    def refused(session: Session, origin: str, drafts: Mapping[str, Any]) -> Mapping[str, Problem]:
        found: dict[str, Problem] = {}
        for part in chunks(list(drafts)):
            query = select(_tag.c.id, _tag.c.value).where(
                _tag.c.kind == kind, _tag.c.origin == origin, _tag.c.id.in_(part), _tag.c.field == "status"
            )
            for line in session.connection().execute(query):
                wanted = drafts[line.id].status
                if not may_follow(line.value, wanted):
                    found[line.id] = _refusal(line.id, line.value, wanted)
        return found

    return refused


def may_follow(present: str, wanted: str) -> bool:
    """Whether a record of this status may get that one; a status that is not known here does not bind."""
    return present == wanted or present not in NEXT or wanted in NEXT[present]


def _refusal(id_: str, present: str, wanted: str) -> NoSuchStep:
    allowed = sorted(NEXT[present])
    return NoSuchStep(f"{id_} is {present}: it may become {' or '.join(allowed)}, not {wanted}", allowed=allowed)

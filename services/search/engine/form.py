"""How a document lies in any index: its terms in fields by language, beside who may see it and what it is filtered by."""

import hashlib
import re
from collections.abc import Mapping, Sequence

import msgspec

from services.search.engine import analysis
from services.search.engine.interface import DRAFT, Upsert, Visibility

# Raise when fields or analysis change: an index of another number is built anew.
FORMAT = 2

PARTS = ("title", "description", "text")
# A filter's name, and where in the document its values are.
FACETS = {
    "origin": "origin",
    "theme": "themes",
    "group": "groups",
    "country": "countries",
    "language": "language",
    "type": "type",
}
# Whose eyes see which states.
STATES = {
    Visibility.PUBLIC: ("public",),
    Visibility.STAFF: ("public", "restricted"),
    Visibility.EDITORS: ("public", "restricted", "draft"),
}
REMOVED = "removed"
"""The state of what stays of a removed document: the version below which it must not come back."""

_LONGEST_VALUE = 256
_ISSUED = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


class Laid(msgspec.Struct, frozen=True, kw_only=True):
    """A document as an index needs it. `words`: the terms of each field that has some, parted by spaces."""

    state: str
    date: int
    values: Mapping[str, Sequence[str]]
    words: Mapping[str, str]


def lay(document: Upsert) -> Laid:
    """A document as its fields."""
    language = analysis.analysis_of(document.language)
    return Laid(
        state=_state(document),
        date=_date(document),
        values={name: _values(name, getattr(document, attribute)) for name, attribute in FACETS.items()},
        words={
            field(part, language): " ".join(analysis.terms(language, said))
            for part in PARTS
            if (said := _said(document, part))
        },
    )


def field(part: str, language: str) -> str:
    """The field with a part's words in one language."""
    return f"{part}_{language}"


def facet_value(name: str, value: str) -> str:
    """A value as it is counted and filtered by: languages without their region or script."""
    return analysis.primary_of(value) if name == "language" else value[:_LONGEST_VALUE]


def fingerprint(document: Upsert) -> bytes:
    """What two documents have in common if they are the same to the letter."""
    return hashlib.sha256(msgspec.msgpack.encode(document)).digest()


def _values(name: str, said: str | tuple[str, ...]) -> list[str]:
    values = (said,) if isinstance(said, str) else said
    return [facet_value(name, value) for value in dict.fromkeys(values)]


def _said(document: Upsert, part: str) -> str:
    said: str = getattr(document, part)
    return "\n".join((said, *document.subject)) if part == "description" and document.subject else said


def _state(document: Upsert) -> str:
    """Who may see it, as one word; a draft is for editors whatever else is said of it."""
    if document.status == DRAFT:
        return "draft"
    return "public" if document.public else "restricted"


def _date(document: Upsert) -> int:
    """When it was issued as YYYYMMDD, as far as that is known; else when it was last changed."""
    found = _ISSUED.match(document.issued or "") or _ISSUED.match(document.updated_at)
    return int("".join((part or "00") for part in found.groups())) if found else 0

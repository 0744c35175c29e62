"""From a record's body, as it travels, to the document that is searched. Tolerant: unknown fields and terms pass."""

import msgspec

from services.search.engine import analysis
from services.search.engine.interface import DRAFT, Upsert
from weft.problems import Problem
from weft.protocol.names import Key, Version
from weft.records import documents
from weft.records.documents import KIND

_TITLE_BYTES = 512


class Unreadable(ValueError):
    """A record that cannot be searched, and why."""


class Body(msgspec.Struct, frozen=True):
    """What a search needs of a document's body."""

    type: str
    title: str
    language: str
    status: str
    updated_at: str
    description: str | None = None
    text: str | None = None
    subject: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    issued: str | None = None

    @property
    def draft(self) -> bool:
        return self.status == DRAFT


_decode = msgspec.json.Decoder(Body).decode


def read(kind: str, data: bytes) -> Body:
    """The document in a body that came by a feed. What the catalog does not show is not found either.

    Raises:
        Unreadable: the kind is not known, or it is no document.
    """
    if kind != KIND:
        raise Unreadable("unknown-kind")
    try:
        documents.read(data)
    except Problem as problem:
        raise Unreadable(f"invalid: {problem.detail}"[:500]) from None
    return _kept(data)


def _kept(data: bytes) -> Body:
    """The document in a body that `read` has passed."""
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"invalid: {error}"[:500]) from None


def searched(key: Key, version: Version, body: bytes, *, public: bool, gate: int) -> Upsert:
    """The document as the index gets it, from a body that `read` has passed.

    Raises:
        Unreadable: it was damaged since.
    """
    said = _kept(body)
    return Upsert(
        key=str(key),
        version=gate,
        revision=str(version),
        origin=key.origin,
        id=key.id,
        type=said.type,
        language=said.language,
        title=said.title,
        description=said.description or "",
        text=said.text or "",
        subject=said.subject,
        themes=said.themes,
        groups=said.groups,
        countries=said.countries,
        issued=said.issued,
        status=said.status,
        public=public,
        updated_at=said.updated_at,
    )


def folded(title: str) -> bytes:
    """A title, or the beginning of one, so that letter case and accents do not tell it apart."""
    return analysis.fold(" ".join(title.split())).encode()[:_TITLE_BYTES]

"""From a record's body, as it travels, to the document that is searched. Tolerant: unknown fields and terms pass."""

from typing import Annotated

import msgspec
from msgspec import Meta

from services.search.engine import analysis
from services.search.engine.interface import DRAFT, Upsert
from weft.protocol.names import Key, Version

KIND = "document"
_TITLE_BYTES = 512

_Slug = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9-]{0,63}\Z")]
_Language = Annotated[str, Meta(pattern=r"\A[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}\Z")]
_M49 = Annotated[str, Meta(pattern=r"\A[1-9][0-9]{0,2}\Z")]
_Issued = Annotated[str, Meta(pattern=r"\A[12][0-9]{3}(-[0-9]{2}){0,2}\Z")]
_Time = Annotated[str, Meta(pattern=r"\A\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z\Z")]


class Unreadable(ValueError):
    """A record that cannot be searched, and why."""


class Body(msgspec.Struct, frozen=True):
    """What a search needs of a document's body."""

    type: _Slug
    title: Annotated[str, Meta(min_length=1, max_length=500)]
    language: _Language
    status: _Slug
    updated_at: _Time
    description: Annotated[str, Meta(max_length=5_000)] | None = None
    text: Annotated[str, Meta(max_length=400_000)] | None = None
    subject: Annotated[tuple[Annotated[str, Meta(max_length=300)], ...], Meta(max_length=100)] = ()
    themes: Annotated[tuple[_Slug, ...], Meta(max_length=50)] = ()
    groups: Annotated[tuple[_Slug, ...], Meta(max_length=50)] = ()
    countries: Annotated[tuple[_M49, ...], Meta(max_length=300)] = ()
    issued: _Issued | None = None

    @property
    def draft(self) -> bool:
        return self.status == DRAFT


_decode = msgspec.json.Decoder(Body).decode


def read(kind: str, data: bytes) -> Body:
    """The document in a body.

    Raises:
        Unreadable: the kind is not known, or it is no document.
    """
    if kind != KIND:
        raise Unreadable("unknown-kind")
    try:
        return _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(f"invalid: {error}"[:500]) from None


def searched(key: Key, version: Version, body: bytes, *, public: bool, gate: int) -> Upsert:
    """The document as the index gets it.

    Raises:
        Unreadable: see `read`.
    """
    said = read(key.kind, body)
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

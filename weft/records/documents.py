"""Documents as their bodies travel: the catalog and the search read them alike, so that they take and refuse the same.

What comes by a feed is tolerant: a field or a term of a vocabulary that a later release brings is kept and shown, and only
what cannot be shown at all is refused.
"""

import re
from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from weft.protocol import names
from weft.protocol.refusals import Refusal
from weft.records import flaws, wire
from weft.records.times import Time

KIND = "document"
DRAFT = "draft"

_tag = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}")


def _line(text: str) -> str:
    if text != text.strip() or "\n" in text or "\t" in text:
        raise ValueError("must be one line without space around it")
    return text


def _language(text: str) -> str:
    """The tag in the letter case that BCP 47 recommends."""
    if not _tag.fullmatch(text):
        raise ValueError("must be a BCP 47 language tag such as 'es', 'pt-BR' or 'zh-Hans'")
    first, *others = text.lower().split("-")
    cased = {2: str.upper, 4: str.title}
    return "-".join([first, *(cased.get(len(part), str)(part) for part in others)])


def _issued(text: str) -> str:
    if not re.fullmatch(r"[12][0-9]{3}(-[0-9]{2}){0,2}", text):
        raise ValueError("must be YYYY, YYYY-MM or YYYY-MM-DD")
    date.fromisoformat((text + "-01-01")[:10])
    return text


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc or " " in text:
        raise ValueError("must be an http or https address without a password in it")
    return text


def _key(text: str) -> str:
    try:
        return str(names.Key.parse(text))
    except Refusal as error:
        raise ValueError(f"must be keys of records, origin/kind/id: {error.why}") from None


def _once(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


Once = AfterValidator(_once)
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
M49 = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}$")]
Title = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_line)]
Name = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_line)]
Language = Annotated[str, Field(max_length=80), AfterValidator(_language)]
Issued = Annotated[str, Field(max_length=10), AfterValidator(_issued)]
Source = Annotated[str, Field(max_length=2_000), AfterValidator(_line), AfterValidator(_url)]
RecordKey = Annotated[str, Field(max_length=200), AfterValidator(_key)]


class Described(BaseModel):
    """What is said of a document in every form. The order of fields is the order on the wire."""

    model_config = ConfigDict(frozen=True)

    type: Slug
    title: Title
    description: str | None = Field(None, max_length=5_000)
    text: str | None = Field(None, max_length=400_000)
    language: Language
    creator: tuple[Name, ...] = Field((), max_length=100)
    subject: tuple[Name, ...] = Field((), max_length=100)
    themes: Annotated[tuple[Slug, ...], Once] = Field((), max_length=50)
    groups: Annotated[tuple[Slug, ...], Once] = Field((), max_length=50)
    countries: Annotated[tuple[M49, ...], Once] = Field((), max_length=300)
    issued: Issued | None = None
    license: Name | None = None
    source: Source | None = None
    relation: Annotated[tuple[RecordKey, ...], Once] = Field((), max_length=200)
    status: Slug


class Document(Described):
    """A document as its body travels."""

    model_config = ConfigDict(frozen=True, extra="allow")

    created_at: Time
    updated_at: Time

    def to_bytes(self) -> bytes:
        return wire.write(self.model_dump(mode="json", exclude_none=True))


def read(body: bytes) -> Document:
    """The document in a body that came by a feed or from the journal.

    Raises:
        Malformed, Invalid: it is none.
    """
    try:
        return Document.model_validate(wire.read(body))
    except ValidationError as error:
        raise flaws.refused(error, KIND, Document.model_fields) from None

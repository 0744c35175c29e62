"""The forms that a document has: as an editor writes it, as its body travels, and as it is answered.

What comes from an editor is strict: a field that is not known is refused. What comes from a feed is tolerant: a field or a
term of a vocabulary that a later release brings is kept and shown, and only what cannot be shown at all is refused.
"""

import difflib
import re
from datetime import date, datetime
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from services.catalog import wire
from weft.areas import UnknownArea, area
from weft.problems import TooLarge
from weft.protocol import names
from weft.protocol.limits import BODY_BYTES
from weft.protocol.refusals import Refusal

KIND = "document"
TIMES_BYTES = 128
"""What the node's own times add to a body at most."""

Type = Literal["policy-brief", "national-plan", "publication", "good-practice", "training-material", "data-note"]
Theme = Literal["social-inclusion", "gender-equality", "health-promotion", "population-development"]
Group = Literal[
    "vulnerable-women",
    "older-persons",
    "young-people-ncd",
    "persons-with-disabilities",
    "migrants",
    "indigenous-peoples",
    "rural-poor",
    "slum-dwellers",
    "children",
    "youth",
]
Status = Literal["draft", "published"]
DRAFT: Status = "draft"
MADE_HERE = frozenset({"id", "origin", "key", "version", "visibility", "created_at", "updated_at"})


def _line(text: str) -> str:
    if text != text.strip() or "\n" in text or "\t" in text:
        raise ValueError("must be one line without space around it")
    return text


_tag = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}")


def _language(text: str) -> str:
    """The tag in the letter case that BCP 47 recommends."""
    if not _tag.fullmatch(text):
        raise ValueError("must be a BCP 47 language tag such as 'es', 'pt-BR' or 'zh-Hans'")
    first, *others = text.lower().split("-")
    cased = {2: str.upper, 4: str.title}
    return "-".join([first, *(cased.get(len(part), str)(part) for part in others)])


def _country(text: str) -> str:
    try:
        return area(text).m49
    except UnknownArea as error:
        raise ValueError(str(error)) from None


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


def _audience(given: object) -> tuple[str, ...]:
    if given in (names.LOCAL, names.NETWORK):
        return (str(given),)
    if not isinstance(given, list) or not 0 < len(given) <= 100 or not all(isinstance(name, str) for name in given):
        raise ValueError("must be 'local', 'network', or a list of peers' names such as [\"eca\"]")
    try:
        return tuple(sorted({names.node(name) for name in given}))
    except Refusal as error:
        raise ValueError(error.why) from None


def _time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _once(items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


Once = AfterValidator(_once)
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
M49 = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}$")]
Title = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_line)]
Name = Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_line)]
Language = Annotated[str, Field(max_length=80), AfterValidator(_language)]
Country = Annotated[str, Field(max_length=5), AfterValidator(_country)]
Issued = Annotated[str, Field(max_length=10), AfterValidator(_issued)]
Source = Annotated[str, Field(max_length=2_000), AfterValidator(_line), AfterValidator(_url)]
RecordKey = Annotated[str, Field(max_length=200), AfterValidator(_key)]
Time = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"),
    AfterValidator(_time),
]
Audience = Annotated[
    tuple[str, ...],
    BeforeValidator(_audience),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "enum": [names.LOCAL, names.NETWORK]},
                {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 100},
            ]
        }
    ),
]


class _Described(BaseModel):
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


class DocumentIn(_Described):
    """A document as an editor writes it. `audience`: "local", "network" or names of peers; it never leaves the node."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Type
    themes: Annotated[tuple[Theme, ...], Once] = Field((), max_length=50)
    groups: Annotated[tuple[Group, ...], Once] = Field((), max_length=50)
    countries: Annotated[tuple[Country, ...], Once] = Field((), max_length=300)
    status: Status
    audience: Audience

    @field_validator("audience")
    @classmethod
    def _drafts_stay(cls, audience: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("status") == DRAFT and audience != (names.LOCAL,):
            raise PydanticCustomError("draft_leaves", "a draft stays here: make it 'local', or publish it")
        return audience

    @classmethod
    def parse(cls, tree: wire.Object) -> Self:
        """The document in this tree.

        Raises:
            Invalid: fields are missing, unknown or not what they must be; they are named.
            TooLarge: it is more than a record may be.
        """
        try:
            draft = cls.model_validate(tree)
        except ValidationError as error:
            raise wire.refused([_named(item) for item in error.errors()]) from None
        size = len(wire.write(draft.content())) + TIMES_BYTES
        if size > BODY_BYTES:
            raise TooLarge(f"the document takes {size} bytes, over {BODY_BYTES}: shorten 'text'")
        return draft

    def content(self) -> wire.Object:
        """What leaves the node, without the times that the node adds."""
        return self.model_dump(mode="json", exclude={"audience"}, exclude_none=True)


class Document(_Described):
    """A document as its body travels."""

    model_config = ConfigDict(frozen=True, extra="allow")

    created_at: Time
    updated_at: Time

    def to_bytes(self) -> bytes:
        return wire.write(self.model_dump(mode="json", exclude_none=True))


class CountryOut(BaseModel):
    """A country by its three codes; an area that has an M49 code only, or one not known here, has nulls."""

    m49: str
    iso2: str | None
    iso3: str | None


class DocumentOut(_Described):
    """A document as it is answered. `audience` is told to editors of its own node. Lists leave `text` out."""

    model_config = ConfigDict(frozen=True, extra="allow")

    origin: str
    key: str
    version: str
    visibility: Literal["public", "restricted"]
    audience: Audience | None = None
    countries: tuple[CountryOut, ...]  # type: ignore[assignment]  # answered with all three codes
    created_at: Time
    updated_at: Time


class DocumentPage(BaseModel):
    """One page of documents, the newest first. `next` is the `after` of the page that follows."""

    items: list[DocumentOut]
    total: int
    next: str | None


class Listing(BaseModel):
    """Which documents are asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    origin: Annotated[str, StringConstraints(pattern=f"^{names.NAME}$")] | None = None
    type: Type | None = None
    theme: Theme | None = None
    group: Group | None = None
    country: Country | None = None
    language: Language | None = None
    status: Status | None = None
    limit: int = Field(50, ge=1, le=200)
    after: str | None = Field(None, max_length=600)


def _named(item: ErrorDetails) -> dict[str, str]:
    field = ".".join(str(part) for part in item["loc"])[:200] or "document"
    return {"field": field, "where": "body", "why": _why(field, item)}


def _why(field: str, item: ErrorDetails) -> str:
    if item["type"] == "extra_forbidden":
        if field in MADE_HERE:
            return "is made by the node: leave it out"
        near = difflib.get_close_matches(field, DocumentIn.model_fields, 1)
        return f"is not a field of a document: {f'did you mean {near[0]!r}?' if near else 'leave it out'}"
    if item["type"] == "missing":
        return "is missing: add it"
    return item["msg"].removeprefix("Value error, ")

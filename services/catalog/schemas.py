"""The forms that a document has for those who use the API: as an editor writes it, as it is asked for, as it is answered.

What comes from an editor is strict: a field that is not known is refused. As its body travels: `weft.records.documents`.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from weft.problems import TooLarge
from weft.protocol import names
from weft.protocol.limits import BODY_BYTES
from weft.records import flaws, wire
from weft.records.audiences import Audience
from weft.records.countries import Country, CountryOut
from weft.records.documents import DRAFT, KIND, Described, Language, Once
from weft.records.own import Content
from weft.records.times import TIMES_BYTES, Time

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


class DocumentIn(Described):
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
            raise flaws.refused(error, KIND, cls.model_fields) from None
        size = len(draft.content().members) + TIMES_BYTES
        if size > BODY_BYTES:
            raise TooLarge(f"the document takes {size} bytes, over {BODY_BYTES}: shorten 'text'")
        return draft

    def content(self) -> Content:
        """What is written of it; the members are what leaves the node."""
        leaving = self.model_dump(mode="json", exclude={"audience"}, exclude_none=True)
        return Content(wire.members(leaving), self.audience)


class DocumentOut(Described):
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

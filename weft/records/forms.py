"""The forms that every kind of record has: as an editor writes it, as its body travels, as it is answered.

What comes from an editor is strict: a field that is not known is refused. What comes by a feed is tolerant: a field or a term
of a vocabulary that a later release brings is kept and shown, and only what cannot be shown at all is refused.
"""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from weft.problems import TooLarge
from weft.protocol import names
from weft.protocol.limits import BODY_BYTES
from weft.records import flaws, wire
from weft.records.audiences import Audience
from weft.records.own import Content
from weft.records.sight import Sight, by_audience
from weft.records.times import TIMES_BYTES, Time

DRAFT = "draft"
"""The status of what is for editors alone, in kinds that have it."""


class Draft(BaseModel):
    """A record as an editor writes it; what it says comes from a model beside this. Its audience never leaves the node."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    audience: Audience
    public_from: Time | None = None

    @field_validator("audience")
    @classmethod
    def _drafts_stay(cls, audience: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if info.data.get("status") == DRAFT and audience != (names.LOCAL,):
            raise PydanticCustomError("draft_leaves", "a draft stays here: make it 'local', or publish it")
        return audience

    @classmethod
    def parse(cls, tree: wire.Object, kind: str) -> Self:
        """The record in this tree.

        Raises:
            Invalid: fields are missing, unknown or not what they must be; they are named.
            TooLarge: it is more than a record may be.
        """
        try:
            draft = cls.model_validate(tree)
        except ValidationError as error:
            raise flaws.refused(error, kind, cls.model_fields) from None
        size = len(draft.content().members) + TIMES_BYTES
        if size > BODY_BYTES:
            raise TooLarge(f"the {kind} takes {size} bytes, over {BODY_BYTES}: shorten its texts")
        return draft

    def content(self) -> Content:
        """What is written of it; the members are what leaves the node."""
        leaving = self.model_dump(mode="json", exclude={"audience", "public_from"}, exclude_none=True)
        return Content(wire.members(leaving), self.audience, self.public_from)


class Form(BaseModel):
    """A record as its body travels; what it says comes from a model beside this. Fields that are not known are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    created_at: Time
    updated_at: Time

    @classmethod
    def read(cls, body: bytes, kind: str) -> Self:
        """The record in a body that came by a feed or from the journal.

        Raises:
            Malformed, Invalid: it is none.
        """
        try:
            return cls.model_validate(wire.read(body))
        except ValidationError as error:
            raise flaws.refused(error, kind, cls.model_fields) from None

    def to_bytes(self) -> bytes:
        return wire.write(self.model_dump(mode="json", exclude_none=True))


class Told(BaseModel):
    """A record as it is answered; what it says comes from a model beside this. Its audience is told to editors at its node."""

    model_config = ConfigDict(frozen=True, extra="allow")

    origin: str
    key: str
    version: str
    visibility: Literal["public", "restricted"]
    audience: Audience | None = None
    public_from: Time | None = None
    created_at: Time
    updated_at: Time


def drafts_apart(record: object, public: bool) -> Sight:
    """Who sees a record at the least: drafts are for editors."""
    return Sight.EDITORS if getattr(record, "status", None) == DRAFT else by_audience(record, public)

"""Evidence for what a record claims, as it travels: what is stated, where it is from, and how far it carries."""

from pydantic import BaseModel, ConfigDict, Field

from weft.records.words import Cited, Slug


class Evidence(BaseModel):
    """`source`: an address, or the key of a record. What a later release adds is kept."""

    model_config = ConfigDict(frozen=True, extra="allow")

    statement: str = Field(min_length=1, max_length=2_000)
    source: Cited
    strength: Slug

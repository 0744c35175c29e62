"""Wire forms of API keys."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

RoleName = Literal["reader", "editor", "reviewer", "operator"]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]


def _to_come(moment: datetime) -> datetime:
    if moment.astimezone(UTC) <= datetime.now(UTC):
        raise ValueError("must be in the future")
    return moment


class KeyIn(BaseModel):
    """A key as an operator asks for it. `name` says who or what holds it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "Library of the division", "role": "editor"}]}
    )

    name: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]
    role: RoleName
    expires_at: Annotated[AwareDatetime, AfterValidator(_to_come)] | None = None


class Key(BaseModel):
    """A key as it is listed. `last_used_at` is right to a minute; a revoked key stays in the list."""

    id: Id
    name: str
    role: RoleName
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    revoked_at: str | None


class KeyMade(Key):
    """A key when it is made: the only time that its `secret`, which a caller sends as a bearer token, is shown."""

    secret: str = Field(examples=["weft_5f0c2d9ab817_…"])


class KeyPage(BaseModel):
    """One page of keys, the oldest first. `next` is the `after` of the page that follows."""

    items: list[Key]
    total: int
    next: str | None

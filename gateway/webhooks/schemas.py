"""Wire forms of webhooks."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from gateway.changes.cursor import CHARACTERS as CURSOR_CHARACTERS
from gateway.webhooks.addresses import CHARACTERS
from weft.settings import PersonsRole

Sight = Literal["anonymous"] | PersonsRole
Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]


class WebhookIn(BaseModel):
    """A webhook as an operator asks for it.

    `role`: it is told what somebody with that role may see. `since`: a cursor of `/api/v1/changes`, read with that role
    and these kinds; without it everything is told, from the beginning.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "Library", "url": "https://203.0.113.9/weft", "kinds": ["document"]}]},
    )

    name: Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,100}$")]
    url: Annotated[str, StringConstraints(min_length=1, max_length=CHARACTERS)]
    role: Sight = "anonymous"
    kinds: Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]], Field(max_length=20)] = []
    records: bool = Field(False, description="whether each change brings its record")
    since: Annotated[str, StringConstraints(max_length=CURSOR_CHARACTERS)] = ""


class Webhook(BaseModel):
    """A webhook as it is. `disabled` says why nothing is sent any more; a good test takes deliveries up again."""

    id: Id
    name: str
    url: str
    role: Sight
    kinds: list[str]
    records: bool
    cursor: str
    created_at: str
    created_by: str
    delivered_at: str | None
    state: Literal["active", "failing", "disabled"]
    disabled: str | None
    failures: int
    failing_since: str | None
    next_at: str | None


class WebhookMade(Webhook):
    """A webhook when it is made: the only time that its `secret` is shown, by which messages are verified."""

    secret: str = Field(examples=["whsec_…"])


class Webhooks(BaseModel):
    """All webhooks of the node, the oldest first."""

    items: list[Webhook]
    total: int
    next: None = None


class Delivery(BaseModel):
    """An attempt. `status` is 0 where no answer came; `error` is empty where it was good."""

    message: str
    at: str
    changes: int
    status: int
    error: str
    milliseconds: int


class Deliveries(BaseModel):
    """The last attempts, the newest first."""

    items: list[Delivery]
    total: int
    next: None = None

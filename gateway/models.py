"""Tables of the gateway: the keys that it gave out, by their hashes; webhooks and what was tried to deliver to them."""

from sqlmodel import Field, SQLModel


class KeyRow(SQLModel, table=True):
    """An API key. The secret itself is kept nowhere; times are stamps, which sort as they read."""

    __tablename__ = "api_key"
    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    secret_hash: str
    name: str
    role: str
    created_at: str
    expires_at: str | None = None
    last_used_at: str | None = None
    revoked_at: str | None = None


class WebhookRow(SQLModel, table=True):
    """An address to which changes are sent. Its secret is made from the node's internal key and kept nowhere.

    `cursor`: up to where it has been told. `holder` tells it until `held_until`, so that two gateways do not both.
    """

    __tablename__ = "webhook"
    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    name: str
    url: str
    role: str
    kinds: str
    records: bool
    cursor: str
    created_at: str
    created_by: str
    disabled: str = ""
    failures: int = 0
    failing_since: str | None = None
    next_at: str = ""
    delivered_at: str | None = None
    holder: str = ""
    held_until: str = ""


class DeliveryRow(SQLModel, table=True):
    """An attempt to deliver to a webhook; the last ones of each are kept."""

    __tablename__ = "delivery"
    number: int | None = Field(default=None, primary_key=True)
    webhook: str = Field(index=True)
    message: str
    at: str
    changes: int
    status: int
    error: str
    milliseconds: int

"""Tables of the gateway: the keys that it gave out, by their hashes."""

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

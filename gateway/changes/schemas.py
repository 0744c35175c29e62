"""Wire forms of the merged list of changes, for its description: items pass through as the services wrote them."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class Change(BaseModel):
    """What changed last of a key. A `delete` also means that it is not for you any more; nothing says which."""

    op: Literal["put", "delete"]
    origin: str
    kind: str
    id: str
    key: str = Field(examples=["eclac/document/salud-costa"])
    version: str = Field(examples=["1.3417ae79.2"])
    changed_at: str
    record: dict[str, Any] | None = None


class Changes(BaseModel):
    """One page. Keep `next` and ask again with it as `since`, also where `items` is empty."""

    items: list[Change]
    next: str
    more: bool
    missing: list[str] = Field(description="Services that could not say; the cursor waits for them.")

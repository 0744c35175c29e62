"""A search service without feeds: what is shown and hidden is said here, and everything behind it is real."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.search import store
from services.search.apply import Documents
from services.search.engine.interface import Page, Query, Visibility
from services.search.index import Index
from services.search.indexer import Indexer
from weft.database import Database
from weft.identity import Caller, Role
from weft.inbox.effects import Rejected, Show
from weft.passport import HEADER, Passports
from weft.protocol.names import Epoch, Key, Version

EPOCH = Epoch.after(0, 7)
PATIENCE = 20


def body(title: str = "Health", **fields: Any) -> bytes:
    """A document as its body travels."""
    given = {
        "type": "policy-brief",
        "title": title,
        "language": "en",
        "status": "published",
        "created_at": "2026-01-02T03:04:05.678Z",
        "updated_at": "2026-01-02T03:04:05.678Z",
    }
    return json.dumps(given | fields, ensure_ascii=False).encode()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what must come, and not for ever."""
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.005)  # what is waited for has no event


@dataclass
class Desk:
    database: Database
    index: Index
    indexer: Indexer
    client: httpx.AsyncClient
    passports: Passports
    changed: list[int] = field(default_factory=list)

    def projection(self) -> Documents:
        return Documents(lambda: self.changed.append(1))

    def show(
        self,
        id_: str,
        title: str = "Health",
        *,
        number: int = 1,
        public: bool = True,
        origin: str = "eca",
        **fields: Any,
    ) -> list[Rejected]:
        return self.apply(Show(Key(origin, "document", id_), Version(EPOCH, number), body(title, **fields), public))

    def apply(self, *shows: Show) -> list[Rejected]:
        with self.database.writing() as session:
            return self.projection().show(session, shows)

    def hide(self, id_: str, origin: str = "eca") -> None:
        with self.database.writing() as session:
            self.projection().hide(session, [Key(origin, "document", id_)])

    async def ask(self, text: str = "", seen_by: Visibility = Visibility.EDITORS, **given: Any) -> Page:
        return await self.index.query(Query(text=text, visibility=seen_by, **given))

    async def found(self, text: str = "", seen_by: Visibility = Visibility.EDITORS) -> set[str]:
        """The ids of what is found, when the indexer has done what there is to do."""
        await self.indexer.drain()
        return {hit.document.id for hit in (await self.ask(text, seen_by, limit=100)).hits}

    async def none_wait(self) -> bool:
        return await self.database.read(store.waiting) == 0

    async def call(self, method: str, path: str, *, by: Role = Role.ANONYMOUS, **given: Any) -> httpx.Response:
        headers = {} if by is Role.ANONYMOUS else {HEADER.decode(): self.passports.issue(Caller("someone", by))}
        return await self.client.request(method, f"/api/v1/search{path}", headers=headers, **given)

    async def get(self, path: str = "", *, by: Role = Role.ANONYMOUS, **params: Any) -> Any:
        answer = await self.call("GET", path, by=by, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

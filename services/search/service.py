"""Search: the feeds that it follows, the index that it keeps from them, and the indexer between."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from sqlmodel import Session

from services.search import arrival
from services.search.apply import Documents
from services.search.engine.interface import Engine
from services.search.index import Index
from services.search.indexer import Indexer
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.exchange.bell import SHOWN, Bell
from weft.exchange.subscriptions import Subscriptions
from weft.inbox.settle import Inbox
from weft.problems import Unavailable
from weft.protocol.names import LOCAL, NETWORK, Feed, Key, Version
from weft.records.sight import Sight
from weft.settings import Settings
from weft.tasks import running
from weft.wiring import Wiring

MIGRATIONS = Path(__file__).parent / "migrations"
FOLLOWED = "catalog"


class SearchService:
    """What the routes of search work with."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.database = Database(wiring.settings.database("search"))
        self.bell = Bell()
        wiring.stopping.append(self.bell.close)
        self.inbox = Inbox(Documents(self._changed))
        self.subscriptions = Subscriptions(
            wiring,
            "search",
            self.database,
            self.inbox,
            services=[FOLLOWED],
            own=[Feed(wiring.node, FOLLOWED, audience) for audience in (LOCAL, NETWORK)],
            patient=True,
        )
        self._index: Index | None = None
        self._indexer: Indexer | None = None

    @property
    def index(self) -> Index:
        if self._index is None:
            raise Unavailable("search is starting")
        return self._index

    @property
    def indexer(self) -> Indexer:
        if self._indexer is None:
            raise Unavailable("search is starting")
        return self._indexer

    @property
    def knows(self) -> Callable[[Session, Key, Version, Sight], bool]:
        """Whether the index answers with a change."""
        return partial(arrival.knows, self.wiring.node)

    def ready(self) -> dict[str, str]:
        if self._index is None:
            return {"index": "not open"}
        return {} if self._index.whole else {"index": "being made"}

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Migrate, open the index, then follow and index until the end.

        Raises:
            Busy: another process has the index.
        """
        upgrade(self.database, KERNEL["log"], KERNEL["inbox"], MIGRATIONS)
        engine = await asyncio.to_thread(_engine, self.wiring.settings)
        index = self._index = Index(engine, self.database)
        indexer = self._indexer = Indexer(
            self.database,
            index,
            holder=secrets.token_hex(8),
            patience=self.wiring.patience,
            searchable=lambda: self.bell.ring(SHOWN),
        )
        try:
            async with running(indexer=indexer.run, subscriptions=self.subscriptions.run):
                yield
        finally:
            self._index = self._indexer = None
            index.close()
            self.database.close()

    def _changed(self) -> None:
        if self._indexer is not None:
            self._indexer.wake()


def _engine(settings: Settings) -> Engine:
    """The engine that the settings choose. Only this one is imported: Elasticsearch's client costs half a second.

    Raises:
        Busy: another process has the index.
    """
    if settings.elasticsearch_url:
        from services.search.engine.elasticsearch.engine import ElasticsearchEngine
        from services.search.engine.elasticsearch.server import Address

        address = Address(
            urls=settings.elasticsearch_url, key=settings.elasticsearch_key, authority=settings.elasticsearch_authority
        )
        return ElasticsearchEngine(address, settings.node)
    from services.search.engine.tantivy import TantivyEngine

    return TantivyEngine(settings.data / "index")

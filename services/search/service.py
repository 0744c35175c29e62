"""Search: the feeds that it follows, the index that it keeps from them, and the indexer between."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.search.apply import Documents
from services.search.engine.tantivy import TantivyEngine
from services.search.index import Index
from services.search.indexer import Indexer
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade
from weft.exchange.subscriptions import Subscriptions
from weft.inbox.settle import Inbox
from weft.problems import Unavailable
from weft.protocol.names import LOCAL, NETWORK, Feed
from weft.tasks import running
from weft.wiring import Wiring

MIGRATIONS = Path(__file__).parent / "migrations"
FOLLOWED = "catalog"


class SearchService:
    """What the routes of search work with."""

    def __init__(self, wiring: Wiring) -> None:
        self.wiring = wiring
        self.database = Database(wiring.settings.database("search"))
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
        engine = await asyncio.to_thread(TantivyEngine, self.wiring.settings.data / "index")
        index = self._index = Index(engine, self.database)
        indexer = self._indexer = Indexer(
            self.database, index, holder=secrets.token_hex(8), patience=self.wiring.patience
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

"""The index of a running service: the engine off the event loop, one thread that writes and a few that answer."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog

from services.search import documents, store, verify
from services.search.documents import Unreadable
from services.search.engine.interface import Change, Engine, Page, Query, Remove, Upsert
from services.search.schemas import Rebuilt, Verification
from services.search.store import Due, Held
from weft.database import Database
from weft.problems import Problem, Unavailable

T = TypeVar("T")
log = structlog.get_logger("weft.search")

ANSWERING = 2
MOST_ASKED = 64
"""Questions that are answered or wait; with one more than that none would be answered in time."""
ANSWER_SECONDS = 5.0


class Underway(Problem):
    status, code, title = 409, "rebuild-underway", "The index is being made anew already"
    hint = "Wait until it is done; searches are answered meanwhile."


class Stopping(Exception):
    """The service stops, so the new index is given up; the present one stays."""


class Index:
    """Writing, rebuilding and verifying are one thread's work, so they never meet."""

    def __init__(self, engine: Engine, database: Database) -> None:
        self._engine = engine
        self._database = database
        self._writer = ThreadPoolExecutor(1, "index-write")
        self._readers = ThreadPoolExecutor(ANSWERING, "index-read")
        self._asked = 0
        self._stopping = threading.Event()
        self._rebuilding = False
        self.whole = False
        """Whether it is known to hold what it should; before that it answers with what it has."""

    async def query(self, question: Query) -> Page:
        """Answer a question.

        Raises:
            InvalidQuery: see `Engine.query`.
            Unavailable: there are too many questions at once.
        """
        if self._asked >= MOST_ASKED:
            raise Unavailable("too many searches at once")
        self._asked += 1
        answer = asyncio.get_running_loop().run_in_executor(self._readers, self._engine.query, question)
        answer.add_done_callback(lambda _: self._answered())
        try:
            return await asyncio.wait_for(asyncio.shield(answer), ANSWER_SECONDS)
        except TimeoutError:
            raise Unavailable("the search took too long") from None

    async def tell(self, batch: Sequence[Due]) -> None:
        """Bring these records into the index as they are; searchable on return."""
        await self._write(lambda: self._engine.write([_change(item) for item in batch]))

    async def mend(self) -> None:
        """Make the index anew when it does not belong to this database: there was none, or one of them is from a backup.

        Its latest gate then is below one that it was told, or above all that were given out.
        """
        if self.whole:
            return
        settled, last = await self._database.read(store.gates)
        latest = await self._write(self._engine.latest)
        if self._engine.fresh or not settled <= latest <= last:
            log.info(
                "the index is to be made anew", fresh=self._engine.fresh, settled=settled, latest=latest, last=last
            )
            await self._write(self._rebuild)
        self.whole = True

    async def rebuild(self) -> Rebuilt:
        """Make the index anew from the database. Questions are answered meanwhile; changes wait, and then come in.

        Raises:
            Underway: somebody is at it.
        """
        if self._rebuilding:
            raise Underway()
        self._rebuilding = True
        return await asyncio.shield(self._write(self._rebuild))

    async def verify(self) -> Verification:
        """Compare the index with the database."""
        return await self._write(lambda: verify.verify(self._database, self._engine))

    def close(self) -> None:
        """Wait for what is under way, except a rebuild, which is given up; then let another process have the index."""
        self._stopping.set()
        self._readers.shutdown(cancel_futures=True)
        self._writer.shutdown(cancel_futures=True)
        self._engine.close()

    def _answered(self) -> None:
        self._asked -= 1

    def _rebuild(self) -> Rebuilt:
        started = time.perf_counter()
        try:
            self._engine.replace(self._all())
        finally:
            self._rebuilding = False
        rebuilt = Rebuilt(documents=self._engine.count(), seconds=round(time.perf_counter() - started, 3))
        log.info("the index was made anew", documents=rebuilt.documents, seconds=rebuilt.seconds)
        return rebuilt

    def _all(self) -> Iterator[Upsert]:
        for line in verify.shown(self._database):
            if self._stopping.is_set():
                raise Stopping
            if document := _readable(line):
                yield document

    async def _write(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)


def _change(item: Due) -> Change:
    return (item.data is not None and _readable(item)) or Remove(key=str(item.key), version=item.gate)


def _readable(item: Due | Held) -> Upsert | None:
    """The document; none when its row was damaged: it was readable when it was written."""
    try:
        return documents.searched(item.key, item.version, item.data or b"", public=item.public, gate=item.gate)
    except Unreadable as error:
        log.error("a record cannot be read any more", key=str(item.key), why=str(error))
        return None

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
from services.search.engine.interface import Away, Change, Engine, Lost, Page, Query, Refusal, Remove, Upsert
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
LOOK_SECONDS = 30.0
"""How long an index is trusted to be the one that it was: a server may have been emptied, or restored, meanwhile."""


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
        self._trusted_until = 0.0
        self.whole = False
        """Whether it is known to hold what it should; before that it answers with what it has."""

    async def query(self, question: Query) -> Page:
        """Answer a question.

        Raises:
            InvalidQuery: see `Engine.query`.
            Unavailable: there are too many questions at once, or the engine is away.
        """
        if self._asked >= MOST_ASKED:
            raise Unavailable("too many searches at once")
        self._asked += 1
        answer = asyncio.get_running_loop().run_in_executor(self._readers, self._engine.query, question)
        answer.add_done_callback(self._answered)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await asyncio.shield(answer)
        except TimeoutError:
            raise Unavailable("the search took too long") from None
        except (Away, Lost) as error:
            raise self._unavailable(error) from None

    async def tell(self, batch: Sequence[Due]) -> Sequence[Refusal]:
        """Bring these records into the index as they are; searchable on return, but for what it refuses."""
        return await self._write(lambda: _logged(self._engine.write([_change(item) for item in batch])))

    async def look(self) -> None:
        """See whether the index is the one that this database's changes were told to, and has heard of them.

        Otherwise there was none, or one of them is from a backup: the index's latest gate then is below one that it was
        told, or above all that were given out.
        """
        if not self.whole or time.monotonic() >= self._trusted_until:
            self.whole = await self._write(self._fits)
            self._trusted_until = time.monotonic() + LOOK_SECONDS

    async def mend(self) -> None:
        """Make the index anew when it does not belong to this database."""
        await self.look()
        if not self.whole:
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

    def _answered(self, answer: asyncio.Future[Page]) -> None:
        self._asked -= 1
        if not answer.cancelled():
            answer.exception()  # whoever asked may have left; then asyncio would complain that nobody heard of it

    def _unavailable(self, error: Away | Lost) -> Unavailable:
        if isinstance(error, Lost):
            self.whole = False
        return Unavailable(str(error))

    def _fits(self) -> bool:
        with self._database.reading() as session:
            gates = store.gates(session)
        generation = self._engine.generation()
        if not generation or generation != gates.generation:
            return False
        if not self.whole:
            self._engine.sweep()
        return self.whole or gates.settled <= self._engine.latest() <= gates.last

    def _rebuild(self) -> Rebuilt:
        started = time.perf_counter()
        try:
            _logged(self._engine.replace(self._all()))
        finally:
            self._rebuilding = False
        with self._database.writing() as session:
            store.made_anew(session, self._engine.generation())
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
        try:
            return await asyncio.get_running_loop().run_in_executor(self._writer, work)
        except (Away, Lost) as error:
            raise self._unavailable(error) from None


def _logged(refusals: Sequence[Refusal]) -> Sequence[Refusal]:
    for refusal in refusals:
        log.error("the index refuses a record", key=refusal.key, why=refusal.why)
    return refusals


def _change(item: Due) -> Change:
    return (item.data is not None and _readable(item)) or Remove(key=str(item.key), version=item.gate)


def _readable(item: Due | Held) -> Upsert | None:
    """The document; none when its row was damaged: it was readable when it was written."""
    try:
        return documents.searched(item.key, item.version, item.data or b"", public=item.public, gate=item.gate)
    except Unreadable as error:
        log.error("a record cannot be read any more", key=str(item.key), why=str(error))
        return None

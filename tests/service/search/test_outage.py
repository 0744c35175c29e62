"""An Elasticsearch dies, freezes, is emptied: searches are refused in time, writing goes on, and all mends by itself."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from services.search.engine.elasticsearch.engine import ElasticsearchEngine
from services.search.engine.elasticsearch.server import Address
from services.search.engine.interface import Query, Visibility
from services.search.index import ANSWER_SECONDS, Index
from services.search.indexer import Indexer
from tests.service.search.server import OwnServer
from weft.problems import Unavailable

pytestmark = pytest.mark.timeout(400)  # an Elasticsearch starts twice, each time in a minute where others work too


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    made = OwnServer()
    made.start()
    yield made
    made.thaw()
    made.stop()


@pytest.fixture
def engine(server: OwnServer) -> ElasticsearchEngine:
    return ElasticsearchEngine(Address(urls=server.url), f"t{time.time_ns()}")


@asynccontextmanager
async def _indexing(indexer: Indexer) -> AsyncIterator[None]:
    """The indexer at work, as in a service."""
    task = asyncio.create_task(indexer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _refused(desk) -> None:
    """A search is refused as what may be asked again, before whoever asks has lost patience."""
    began = time.monotonic()
    answer = await desk.call("GET", "", params={"q": "health"})
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) > 0
    assert time.monotonic() - began < ANSWER_SECONDS + 1


async def _found(desk, expected: set[str]) -> None:
    """It is found, a while after the server answers again."""
    async with asyncio.timeout(120):
        while True:
            answer = await desk.call("GET", "", params={"q": "health", "limit": 100})
            if answer.status_code == 200:
                found = {item["key"].rpartition("/")[2] for item in answer.json()["items"]}
                if found == expected:
                    return
            await asyncio.sleep(0.1)


async def test_a_server_that_was_killed_and_comes_back_empty_has_all_again_by_itself(desk, server):
    async with _indexing(desk.indexer):
        for id_ in ("a", "b", "gone"):
            desk.show(id_)
        await _found(desk, {"a", "b", "gone"})
        await asyncio.to_thread(server.kill)
        await _refused(desk)
        desk.show("during")
        desk.hide("gone")
        desk.show("b", "Sugar", number=2)
        await _refused(desk)
        assert (await desk.get("/suggest", q="heal"))["items"]
        await asyncio.to_thread(server.start)
        await _found(desk, {"a", "during"})
    assert (await desk.index.verify()).equal


async def test_a_server_that_freezes_is_given_up_in_time_and_catches_up_when_it_goes_on(desk, server):
    async with _indexing(desk.indexer):
        desk.show("a")
        desk.show("gone")
        await _found(desk, {"a", "gone"})
        generation = desk.index._engine.generation()
        server.freeze()
        try:
            await asyncio.gather(*(_refused(desk) for _ in range(10)))
            desk.show("during")
            desk.hide("gone")
        finally:
            server.thaw()
        await _found(desk, {"a", "during"})
        assert desk.index._engine.generation() == generation
    assert (await desk.index.verify()).equal


async def test_a_service_that_starts_while_the_server_is_away_refuses_searches_and_goes_on_trying(desk):
    away = Index(ElasticsearchEngine(Address(urls="http://127.0.0.1:1"), "eca"), desk.database)
    indexer = Indexer(desk.database, away, holder="here")
    async with _indexing(indexer):
        for _ in range(3):
            with pytest.raises(Unavailable, match="does not answer"):
                await away.query(Query(text="health", visibility=Visibility.PUBLIC))
            await asyncio.sleep(0)
        assert not away.whole
    away.close()

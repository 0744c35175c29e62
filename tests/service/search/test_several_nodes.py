"""Five nodes put their indexes into one server at once, and none finds, counts, loses or waits for another's."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from services.search.engine.interface import Page, Query, Visibility
from services.search.index import Index
from services.search.indexer import Indexer
from services.search.service import MIGRATIONS
from tests import databases
from tests.service.search.desk import Desk
from tests.unit.search.engines import SERVER, Server
from weft.database import Database
from weft.database.migrate import KERNEL, upgrade

NODES, DOCUMENTS = 5, 120


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[list[Desk]]:
    if not SERVER:
        pytest.skip("WEFT_TEST_ELASTICSEARCH is not the URL of an Elasticsearch 9")
    token = secrets.token_hex(4)
    async with AsyncExitStack() as stack:
        made = []
        for at in range(NODES):
            database = Database(stack.enter_context(databases.address(tmp_path)))
            stack.callback(database.close)
            upgrade(database, KERNEL["log"], KERNEL["inbox"], MIGRATIONS)
            place = Server(SERVER, f"t{token}" + "-documents" * at)
            stack.callback(place.clear)
            index = Index(place.open(), database)
            stack.callback(index.close)
            made.append(Desk(database, index, Indexer(database, index, holder="here"), None, None))
        yield made


async def _works(at: int, desk: Desk) -> list[Page]:
    """A node's day: it shows, revises, hides, searches and makes its index anew."""
    pages = []
    for number in range(DOCUMENTS):
        desk.show(f"n{number}", f"Health {number}", origin=f"node{at}", themes=[f"theme{number % 3}"])
        if number % 20 == 19:
            await desk.indexer.drain()
            pages.append(await desk.ask("health", facets=("origin", "theme"), limit=100))
    await desk.indexer.rebuild()
    for number in range(0, DOCUMENTS, 2):
        desk.hide(f"n{number}", origin=f"node{at}")
    await desk.indexer.drain()
    return pages


async def test_nodes_that_share_a_server_meet_nowhere(desks):
    for at, pages in enumerate(await asyncio.gather(*(_works(at, desk) for at, desk in enumerate(desks)))):
        assert [page.total for page in pages] == [20, 40, 60, 80, 100, 120]
        assert {origin for page in pages for origin in page.facets["origin"]} == {f"node{at}"}
    for desk in desks:
        page = await desk.index.query(Query(text="health", visibility=Visibility.PUBLIC))
        assert page.total == DOCUMENTS / 2
        assert (await desk.index.verify()).equal

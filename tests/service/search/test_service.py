"""The whole service beside a real origin: from what an editor's service journals to what is found, through real feeds."""

import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from services.search import app as search_app
from services.search import store
from tests.service.search.desk import body, until
from weft.exchange import routes
from weft.identity import Caller, Role
from weft.journal import record
from weft.journal.record import Condition, Draft
from weft.keys import NodeKeys, create
from weft.nats.bus import Bus
from weft.nats.keys import Credentials
from weft.origin.service import OriginService
from weft.passport import HEADER, Passports
from weft.protocol.names import Key, Version
from weft.records import after
from weft.records.sight import Sight
from weft.settings import Settings
from weft.web.app import application
from weft.wiring import Wiring


class _Nothing:
    """An origin that applies no feeds."""

    def show(self, session, shows):
        return []

    def hide(self, session, keys):
        return


@dataclass
class Node:
    """A node with an origin and its search, in one process, whose broker is away."""

    wiring: Wiring
    origin: OriginService
    search: FastAPI

    async def put(self, id_: str, data: bytes, audience: str = "network") -> str:
        draft = Draft("document", id_, data, (audience,))
        written = await self.origin.database.write(record.put, self.origin.incarnation, draft, Condition.ANY)
        self.origin.ring()
        return f"eca/document/{id_}@{written.version}"

    async def delete(self, id_: str) -> str:
        written = await self.origin.database.write(
            record.delete, self.origin.incarnation, "document", id_, Condition.ANY
        )
        self.origin.ring()
        return f"eca/document/{id_}@{written.version}"

    async def get(self, path: str, by: Role, *, after: str = "") -> httpx.Response:
        headers = {HEADER.decode(): self.wiring.passports.issue(Caller("someone", by))}
        if after:
            headers["Weft-After"] = after
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.search), base_url="http://search") as client:
            return await client.get(path, headers=headers)

    async def found(self, by: Role = Role.EDITOR) -> set[str]:
        answer = await self.get("/api/v1/search?q=health&limit=100", by)
        return {item["key"] for item in answer.json()["items"]}


@asynccontextmanager
async def started(folder: Path, **given: str) -> AsyncIterator[Node]:
    keys = NodeKeys.open(folder) if (folder / "keys").exists() else create(folder).keys
    settings = Settings(node="eca", data=folder, poll_seconds=0.1, **given)
    (no_tables := folder / "no-tables").mkdir(exist_ok=True)
    bus = Bus("nats://127.0.0.1:1", Credentials("", keys.reader), name="test")
    wiring = Wiring(
        settings=settings, keys=keys, passports=Passports(keys.internal), bus=bus, broker_url="nats://127.0.0.1:1"
    )
    origin = OriginService(wiring, "catalog", migrations=no_tables, projection=_Nothing(), follow=lambda *_: 0)
    made = {
        "catalog": application(
            service="catalog",
            title="Origin",
            node=origin,
            routers=[routes.router],
            passports=wiring.passports,
            running=origin.running,
            ready=origin.ready,
        ),
        "sync": _sync(),
        "search": search_app.create(wiring),
    }
    wiring.apps.update(made)
    async with AsyncExitStack() as stack:
        for name in ("catalog", "search"):
            await stack.enter_async_context(made[name].router.lifespan_context(made[name]))
        yield Node(wiring, origin, made["search"])


def _sync() -> FastAPI:
    """A node without peers."""
    app = FastAPI()

    @app.get("/internal/feeds")
    def held() -> list[str]:
        return []

    return app


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with started(tmp_path) as running:
        yield running


async def test_what_the_node_itself_journals_is_found_by_those_who_may_see_it(node):
    await node.put("public", body("Health"))
    await node.put("draft", body("Health", status="draft"), "local")
    await until(lambda: _equals(node.found(), {"eca/document/public", "eca/document/draft"}))
    assert await node.found(Role.READER) == {"eca/document/public"}
    await node.put("public", body("Health"), "local")
    await until(lambda: _equals(node.found(Role.ANONYMOUS), set()))
    await until(lambda: _equals(node.found(Role.READER), {"eca/document/public"}))
    await node.delete("draft")
    await until(lambda: _equals(node.found(), {"eca/document/public"}))


async def test_after_a_restart_it_goes_on_where_it_was(tmp_path):
    async with started(tmp_path) as node:
        await node.put("before", body("Health"))
        await until(lambda: _equals(node.found(), {"eca/document/before"}))
    async with started(tmp_path) as node:
        assert await node.found() == {"eca/document/before"}
        await node.put("after", body("Health"))
        await until(lambda: _equals(node.found(), {"eca/document/before", "eca/document/after"}))
        report = await node.get("/api/v1/search/verify", Role.OPERATOR)
        assert report.json()["equal"]


async def test_it_is_ready_when_its_index_is_whole_and_tells_its_node_how_far_it_is(node):
    await until(lambda: _ok(node.get("/readyz", Role.ANONYMOUS)))
    told = await node.get("/internal/progress", Role.SERVICE)
    assert {item["feed"] for item in told.json()} == {"eca/catalog/local", "eca/catalog/network"}


async def _keys(answer: Awaitable[httpx.Response]) -> set[str]:
    told = await answer
    assert told.status_code == 200, told.text
    return {item["key"] for item in told.json()["items"]}


async def test_a_search_after_a_write_finds_what_was_written_and_no_longer_what_was_deleted(node):
    written = await node.put("a", body("Health"))
    assert await _keys(node.get("/api/v1/search?q=health", Role.ANONYMOUS, after=written)) == {"eca/document/a"}
    draft = await node.put("b", body("Health", status="draft"), "local")
    found = await _keys(node.get("/api/v1/search?q=health", Role.EDITOR, after=f"{written}, {draft}"))
    assert found == {"eca/document/a", "eca/document/b"}
    written = await node.put("a", body("Health"), "local")
    assert await _keys(node.get("/api/v1/search?q=health", Role.READER, after=written)) == {"eca/document/a"}
    assert await _keys(node.get("/api/v1/search?q=health", Role.ANONYMOUS, after=written)) == set()
    deleted = await node.delete("a")
    assert await _keys(node.get("/api/v1/search?q=health", Role.READER, after=deleted)) == set()


async def test_a_search_after_what_has_not_come_or_is_not_for_the_caller_is_asked_for_later(node, monkeypatch):
    draft = await node.put("a", body("Health", status="draft"), "local")
    assert (await node.get("/api/v1/search", Role.EDITOR, after=draft)).status_code == 200
    monkeypatch.setattr(after, "LONGEST_SECONDS", 0.3)
    to_come = f"{draft.rpartition('.')[0]}.9"
    for by, name in ((Role.EDITOR, to_come), (Role.READER, draft), (Role.ANONYMOUS, draft)):
        answer = await node.get("/api/v1/search", by, after=name)
        assert (answer.status_code, answer.json()["code"]) == (425, "not-yet-here"), by
        assert answer.headers["retry-after"] == "1"
    series = draft.replace("document", "series")
    assert (await node.get("/api/v1/search", Role.ANONYMOUS, after=series)).status_code == 200


async def test_a_change_that_waits_for_the_index_is_not_known_yet(node):
    written = await node.put("a", body("Health"))
    assert (await node.get("/api/v1/search", Role.ANONYMOUS, after=written)).status_code == 200
    name, _, version = written.partition("@")
    key, search = Key.parse(name), node.search.state.node
    with search.database.writing() as session:
        assert search.knows(session, key, Version.parse(version), Sight.PUBLIC)
        store.hide(session, [key])
        assert not search.knows(session, key, Version.parse(version), Sight.PUBLIC)


_STARTED = "import sys; import services.search.app; sys.exit(bool({'elasticsearch', 'elastic_transport'} & sys.modules.keys()))"


def test_a_node_that_chose_no_elasticsearch_imports_none_of_it():
    assert subprocess.run([sys.executable, "-c", _STARTED], timeout=60, check=False).returncode == 0


async def test_the_settings_choose_the_engine_and_a_server_that_is_away_keeps_no_service_from_starting(tmp_path):
    async with started(tmp_path, elasticsearch_url="http://127.0.0.1:1") as node:
        answer = await node.get("/api/v1/search", Role.ANONYMOUS)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert "Elasticsearch does not answer" in answer.json()["detail"]
        assert (await node.get("/readyz", Role.ANONYMOUS)).status_code == 503
        assert (await node.get("/api/v1/search/suggest?q=x", Role.ANONYMOUS)).json() == {"items": []}


async def _equals(asked: Awaitable[set[str]], expected: set[str]) -> bool:
    return await asked == expected


async def _ok(asked: Awaitable[httpx.Response]) -> bool:
    return (await asked).status_code == 200

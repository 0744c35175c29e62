"""The route of changes: cursors that end, kinds, records, sizes, and waiting for what comes."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.testclient import TestClient

from tests.service.house import Node, Ring
from tests.service.records.notes import OURS, SHELVES, TAKEDOWNS, US, Desk
from weft.exchange.bell import Bell
from weft.identity import Caller, Role
from weft.passport import HEADER, Passports
from weft.protocol.names import Key, Version
from weft.records import answers, changed, changelog, changes, waiting
from weft.records.after import AFTER, headers
from weft.records.changed import PATH
from weft.records.node import TheNode, TheSight
from weft.records.rows import Shelf
from weft.web.app import application

NOTE = "/api/v1/notes"
MANUAL = Path(__file__).parents[3] / "docs/use/changes.md"
reading = APIRouter(dependencies=AFTER)


@reading.get(NOTE + "/{origin}/{id}")
async def found(request: Request, node: TheNode, sight: TheSight, origin: str, id: str) -> Any:
    rows, visible = SHELVES["note"]
    answer = await node.database.read(answers.find, Shelf(rows, visible), Key(origin, "note", id), sight)
    return msgspec.json.decode(answer.data)


@dataclass
class Service:
    """The routes of a service, and a desk that writes to it."""

    desk: Desk
    node: Node
    client: httpx.AsyncClient
    app: FastAPI
    passports: Passports

    async def get(self, path: str = PATH, by: Role = Role.ANONYMOUS, after: str = "", **query: Any) -> httpx.Response:
        said = {"Weft-After": after} if after else {}
        if by is not Role.ANONYMOUS:
            said[HEADER.decode()] = self.passports.issue(Caller("someone", by))
        return await self.client.get(path, params=query, headers=said, timeout=30)

    async def write(self, work: Any, *args: Any, **given: Any) -> None:
        await asyncio.to_thread(lambda: work(*args, **given))
        self.node.ring()

    def version(self, id_: str) -> Version:
        with self.desk.database.reading() as session:
            version = OURS.present(session, id_)
        assert version is not None
        return version


async def somebody_waits() -> None:
    async with asyncio.timeout(10):
        while not waiting._seated:  # noqa: ASYNC110 - the test's own look into what no event tells
            await asyncio.sleep(0)


@pytest.fixture
async def service(desk: Desk) -> AsyncIterator[Service]:
    bell = Bell()
    node = Node(desk.database, desk.us, bell, Ring(bell))
    passports = Passports(bytes(range(32)))
    app = application(
        service="notes",
        title="Notes",
        node=node,
        routers=[changed.router(SHELVES), reading],
        passports=passports,
        running=nullcontext,
        ready=dict,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notes") as client:
        yield Service(desk, node, client, app, passports)


async def test_changes_are_told_in_their_order_with_the_records_that_are_asked_for(service: Service) -> None:
    for id_ in ("b", "a", "b"):
        service.desk.put(id_, f"of {id_} at {service.desk.hour}", "network")
        service.desk.hour += 1
    items = (await service.get(records=True)).json()["items"]
    assert [(item["op"], item["key"], item["record"]["text"]) for item in items] == [
        ("put", f"{US}/note/a", "of a at 1"),
        ("put", f"{US}/note/b", "of b at 2"),
    ]
    assert items[1]["version"] == str(service.version("b"))
    assert all("record" not in item for item in (await service.get()).json()["items"])


async def test_pages_go_on_where_the_last_one_ended(service: Service) -> None:
    for at in range(5):
        service.desk.put(f"n{at}", "text", "network")
    first = (await service.get(limit=3)).json()
    rest = (await service.get(limit=3, since=first["next"])).json()
    none = (await service.get(limit=3, since=rest["next"])).json()
    assert [(len(page["items"]), page["more"]) for page in (first, rest, none)] == [(3, True), (2, False), (0, False)]
    assert {item["id"] for item in first["items"] + rest["items"]} == {f"n{at}" for at in range(5)}


async def test_a_page_ends_before_it_grows_too_large(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changelog, "BYTES", 3_000)
    monkeypatch.setattr(changelog, "AT_ONCE", 2)
    for at in range(7):
        service.desk.put(f"n{at}", "x" * 1_000, "network")
    since, told = None, []
    while True:
        page = (await service.get(records=True, **({"since": since} if since else {}))).json()
        assert len(page["items"]) <= 3
        told += [item["id"] for item in page["items"]]
        since = page["next"]
        if not page["more"]:
            break
    assert told == [f"n{at}" for at in range(7)]


async def test_kinds_that_are_asked_for_are_told_alone(service: Service) -> None:
    service.desk.put("a", "text", "network")
    service.desk.put("b", "text", "network")
    service.desk.take_down("a", "Not ours to show.")
    page = (await service.get(kinds=["note"])).json()
    assert [item["key"] for item in page["items"]] == [f"{US}/note/b"]
    page = (await service.get(kinds=[TAKEDOWNS.kind, "unheard-of"], records=True)).json()
    assert [item["record"]["reason"] for item in page["items"]] == ["Not ours to show."]


async def test_a_cursor_is_gone_when_the_database_went_back_or_for_other_rights_or_kinds(service: Service) -> None:
    service.desk.put("a", "text", "network")
    since = (await service.get()).json()["next"]
    for query in ({"by": Role.EDITOR}, {"kinds": ["note"]}):
        answer = await service.get(since=since, **query)
        assert (answer.status_code, answer.json()["code"]) == (410, "cursor-gone")
    with service.desk.database.writing() as session:
        changes.renew(session)
    assert (await service.get(since=since)).status_code == 410
    assert (await service.get()).status_code == 200


@pytest.mark.parametrize("since", ["x", "W10", "WyJhIl0", "\u0661", "W251bGwsMCxbXSwwLDBd", "_" * 2000])
async def test_a_cursor_that_no_answer_gave_is_refused_by_name(service: Service, since: str) -> None:
    answer = await service.get(since=since)
    assert answer.status_code == 422
    assert "since" in answer.json()["detail"]


async def test_who_waits_hears_of_a_change_at_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "LOOK_SECONDS", 60.0)
    since = (await service.get()).json()["next"]
    asked = asyncio.create_task(service.get(since=since, wait=20))
    await somebody_waits()
    await service.write(service.desk.put, "mine", "text", "local")
    assert not asked.done()
    await service.write(service.desk.put, "a", "text", "network")
    answer = await asyncio.wait_for(asked, 5)
    assert [item["id"] for item in answer.json()["items"]] == ["a"]


async def test_a_wait_ends_by_itself_and_when_the_service_does(service: Service) -> None:
    started = time.monotonic()
    assert (await service.get(wait=0.2)).json()["items"] == []
    assert 0.2 <= time.monotonic() - started < 5
    asked = asyncio.create_task(service.get(wait=25))
    await somebody_waits()
    service.node.bell.close()
    assert (await asyncio.wait_for(asked, 5)).json()["items"] == []


async def test_who_comes_when_every_seat_is_taken_is_answered_at_once(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SEATS", 0)
    assert (await asyncio.wait_for(service.get(wait=25), 5)).json()["items"] == []


async def test_a_read_that_names_a_write_waits_for_it(service: Service) -> None:
    service.desk.put("a", "first", "network")
    version = service.version("a")
    later = headers(Key(US, "note", "a"), Version(version.epoch, version.number + 1))["Weft-After"]
    asked = asyncio.create_task(service.get(f"{NOTE}/{US}/a", after=later))
    await somebody_waits()
    await service.write(service.desk.put, "a", "second", "network")
    answer = await asyncio.wait_for(asked, 5)
    assert answer.json()["text"] == "second"
    assert (await service.get(f"{NOTE}/{US}/a", after=later)).json()["text"] == "second"


async def test_what_does_not_come_in_time_is_not_yet_here(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weft.records.after.LONGEST_SECONDS", 0.1)
    service.desk.put("a", "text", "network")
    token = f"{US}/note/a@{service.version('a')}"
    answer = await service.get(f"{NOTE}/{US}/a", after=f"{token}, ece/note/b@1.00000000.1")
    assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (425, "not-yet-here", "1")
    assert "ece/note/b" in answer.json()["detail"]
    assert token not in answer.json()["detail"]


async def test_a_write_that_one_may_not_see_is_waited_for_in_vain(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weft.records.after.LONGEST_SECONDS", 0.1)
    service.desk.put("public", "text", "network")
    service.desk.put("mine", "text", "local")
    service.desk.put("draft", "text", "local", draft=True)
    seen = {
        (by, id_): (
            await service.get(f"{NOTE}/{US}/public", by, after=f"{US}/note/{id_}@{service.version(id_)}")
        ).status_code
        for by in (Role.ANONYMOUS, Role.READER, Role.EDITOR)
        for id_ in ("public", "mine", "draft", "none-such")
        if id_ != "none-such"
    }
    assert {pair for pair, status in seen.items() if status == 425} == {
        (Role.ANONYMOUS, "mine"),
        (Role.ANONYMOUS, "draft"),
        (Role.READER, "draft"),
    }


async def test_who_lost_a_record_knows_of_that_and_of_nothing_after_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weft.records.after.LONGEST_SECONDS", 0.1)
    tokens: list[str] = []
    for audience in ("network", "local", "local"):
        service.desk.put("a", f"text {len(tokens)}", audience)
        tokens.append(f"{US}/note/a@{service.version('a')}")
    for by, known in ((Role.ANONYMOUS, 2), (Role.READER, 3), (Role.EDITOR, 3)):
        answers_ = [(await service.get(f"{NOTE}/{US}/a", by, after=token)).status_code for token in tokens]
        assert [status == 425 for status in answers_] == [at >= known for at in range(3)]


@pytest.mark.parametrize("after", ["x", "eclac/note/a", "eclac/note/a@1", "@1.00000000.1", ", ", ",".join(["x"] * 11)])
async def test_a_header_that_no_write_gave_is_refused_by_name(service: Service, after: str) -> None:
    answer = await service.get(f"{NOTE}/{US}/a", after=after)
    assert answer.status_code == 422
    assert "Weft-After" in answer.json()["detail"]


async def test_a_deletion_is_known_at_its_version_and_so_is_a_takedown(service: Service) -> None:
    service.desk.put("a", "text", "network")
    put = service.version("a")
    service.desk.take_down("a", "Not ours to show.")
    gone = f"{US}/note/a@{Version(put.epoch, put.number + 1)}"
    said = f"{US}/{TAKEDOWNS.kind}/a@{Version(put.epoch, 1)}"
    answer = await service.get(f"{NOTE}/{US}/a", after=f"{gone}, {said}")
    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (
        410,
        "taken-down",
        "Not ours to show.",
    )


async def test_the_client_of_the_manual_keeps_a_copy(desk: Desk, service: Service, tmp_path: Path) -> None:
    code = MANUAL.read_text().split("```python\n")[1].split("```")[0]
    assert len([line for line in code.splitlines() if line]) <= 20
    known: dict[str, Any] = {}
    exec(compile(code, str(MANUAL), "exec"), known)
    file = tmp_path / "copy.json"

    def copied() -> dict[str, str]:
        with TestClient(service.app) as client:
            known["bring_up_to_date"](client, file, ["note"])
        return {key: record["text"] for key, record in json.loads(file.read_text())["records"].items()}

    for at in range(150):
        desk.put(f"n{at}", "first", "network")
    assert len(await asyncio.to_thread(copied)) == 150
    for at in range(1, 150):
        desk.delete(f"n{at}")
    desk.put("n0", "second", "network")
    desk.put("mine", "text", "local")
    assert await asyncio.to_thread(copied) == {f"{US}/note/n0": "second"}
    with desk.database.writing() as session:
        changes.renew(session)
    assert await asyncio.to_thread(copied) == {f"{US}/note/n0": "second"}

"""One list of changes over all services: nothing is missed, and who could not say is named."""

import asyncio

import pytest

from gateway import upstream
from gateway.changes.cursor import CHARACTERS, Cursor
from tests.service.gateway.house import House
from weft.problems import Invalid

PATH = "/api/v1/changes"


async def page(node: House, since: str = "", **asked):
    answer = await node.at.get(PATH, params={"since": since, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(told) -> list[str]:
    return [item["id"] for item in told["items"]]


async def whole(node: House, **asked) -> list[str]:
    """All changes, page by page, as a client reads them."""
    read, since, more = [], "", True
    while more:
        told = await page(node, since, **asked)
        read += ids(told)
        since, more = told["next"], told["more"]
    return read


async def test_changes_of_all_services_stand_under_one_cursor(both: House):
    both.catalog.change("a", "b")
    both.stands["indicators"].change("s", kind="series")
    first = await page(both)
    assert (sorted(ids(first)), first["more"], first["missing"]) == (["a", "b", "s"], False, [])
    assert ids(await page(both, first["next"])) == []
    both.catalog.change("c")
    assert ids(await page(both, first["next"])) == ["c"]


async def test_page_by_page_nothing_is_missed_or_told_twice(node: House):
    node.catalog.change(*(f"d{number}" for number in range(23)))
    node.stands["indicators"].change(*(f"s{number}" for number in range(5)), kind="series")
    for limit in (2, 7, 1000):
        read = await whole(node, limit=limit)
        assert [id_ for id_ in read if id_[0] == "d"] == [f"d{number}" for number in range(23)]
        assert [id_ for id_ in read if id_[0] == "s"] == [f"s{number}" for number in range(5)]
    assert len((await page(node, limit=7))["items"]) <= 7


async def test_a_service_that_is_down_is_named_and_what_it_has_is_told_later(node: House):
    node.catalog.change("a")
    node.stands["indicators"].change("s", kind="series")
    apart = node.wiring.apps.pop("indicators")
    first = await page(node)
    assert (ids(first), first["missing"]) == (["a"], ["indicators"])
    node.wiring.apps["indicators"] = apart
    assert ids(await page(node, first["next"])) == ["s"]
    del node.wiring.apps["catalog"], node.wiring.apps["indicators"]
    answer = await node.at.get(PATH)
    assert (answer.status_code, answer.json()["missing"]) == (503, ["catalog", "indicators"])


async def test_a_long_poll_is_answered_by_the_first_change_of_any_service(both: House):
    since = (await page(both))["next"]
    polling = asyncio.create_task(page(both, since, wait=20))
    async with asyncio.timeout(5):
        while len(both.stands["indicators"].told) < 3 or len(both.catalog.told) < 3:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.005)
    both.stands["indicators"].change("s", kind="series")
    told = await asyncio.wait_for(polling, 5)
    assert ids(told) == ["s"]
    both.catalog.change("a")
    assert ids(await page(both, told["next"])) == ["a"]


async def test_only_the_services_that_have_the_kinds_are_asked(node: House):
    node.catalog.change("a")
    await page(node, kinds=["document-takedown", "document"], records="true", limit=10)
    assert node.stands["indicators"].told == []
    ((role, query),) = node.catalog.told
    assert (role, query) == ("anonymous", {"kinds": "document-takedown", "records": "true", "limit": "10"})
    assert node.catalog.kinds == ["document", "document-takedown"]
    _, editor = await node.key("editor")
    await node.at.get(PATH, headers=editor)
    assert node.catalog.told[-1] == ("editor", {"limit": "50"})


async def test_an_answer_that_is_too_large_is_asked_for_in_smaller_parts(node: House, monkeypatch):
    monkeypatch.setattr(upstream, "REPLY_BYTES", 3_000)
    node.catalog.change(*map(str, range(40)), record={"title": "x" * 500})
    assert await whole(node, limit=100, records="true") == [str(number) for number in range(40)]


async def test_a_record_that_is_never_small_enough_does_not_stand_for_nothing(node: House, monkeypatch):
    monkeypatch.setattr(upstream, "REPLY_BYTES", 1_000)
    node.catalog.change("a", record={"title": "x" * 2_000})
    assert (await page(node))["missing"] == ["catalog"]


async def test_a_cursor_of_another_time_is_gone(node: House):
    node.catalog.change("a")
    since = (await page(node))["next"]
    node.catalog.generation = "b"
    answer = await node.at.get(PATH, params={"since": since})
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor-gone")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        *((f"since={text}", 422) for text in ("x", "%F0", "W10", "WyIyIix7fV0", "WyIxIix7ImEiOjF9XQ", "====")),
        (f"since={'W1tb' * 400}", 422),
        (f"since={'x' * (CHARACTERS + 1)}", 422),
        *((text, 422) for text in ("kinds=x", "limit=1", "limit=1001", "wait=26", "wait=-1", "records=perhaps")),
    ],
)
async def test_what_cannot_be_asked_is_told(node: House, query, status):
    assert (await node.at.get(f"{PATH}?{query}")).status_code == status


def test_a_cursor_is_read_as_it_was_written():
    cursor = Cursor({"catalog": "a.1", "indicators": "é/+"})
    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse("") == Cursor()
    with pytest.raises(Invalid):
        Cursor.parse(str(cursor)[:-3])

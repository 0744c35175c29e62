"""What is kept of webhooks: who carries them, how they fail, how many there are."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.gate import MIGRATIONS
from gateway.models import WebhookRow
from gateway.webhooks import message, store
from gateway.webhooks.store import Verdict
from weft.clock import stamp
from weft.database import Database
from weft.database.migrate import upgrade


@pytest.fixture
def database(tmp_path):
    made = Database(f"sqlite:///{tmp_path}/hooks.db")
    upgrade(made, MIGRATIONS)
    yield made
    made.close()


NOW = datetime(2026, 3, 1, tzinfo=UTC)
MADE = message.Message("msg_1", b"{}", 1)
FAILED = Verdict(500, "answered 500", 5)


def row(**more) -> WebhookRow:
    plain = {
        "name": "x",
        "url": "https://203.0.113.9/",
        "role": "anonymous",
        "kinds": "",
        "records": False,
        "cursor": "0",
    }
    return WebhookRow(**plain | {"id": "", "created_at": stamp(NOW), "created_by": "o"} | more)


async def test_what_fails_for_five_days_is_disabled_and_says_why(database):
    made = await database.write(store.make, row())
    now = NOW
    while not (await database.read(store.find, made.id)).disabled:
        held = await database.write(store.hold, made.id, "me", now)
        assert held is not None
        await database.write(store.settle, held, MADE, FAILED, "1", now)
        now = datetime.fromisoformat((await database.read(store.find, made.id)).next_at)
    told = await database.read(store.find, made.id)
    assert timedelta(days=5) <= now - NOW < timedelta(days=5, hours=2)
    assert told.disabled == "it has failed for 5 days; the last time: answered 500"
    assert told.cursor == "0"
    assert len(await database.read(store.deliveries, made.id)) == store.KEPT_DELIVERIES
    assert await database.write(store.hold, made.id, "me", now + timedelta(days=1)) is None


async def test_two_couriers_do_not_carry_the_same(database):
    made = await database.write(store.make, row())
    first = await database.write(store.hold, made.id, "one", NOW)
    assert await database.write(store.hold, made.id, "two", NOW) is None
    assert await database.read(store.due, "two", NOW) == []
    later = NOW + timedelta(seconds=store.HELD_SECONDS)
    second = await database.write(store.hold, made.id, "two", later)
    good = Verdict(204, "", 5)
    assert await database.write(store.settle, second, MADE, good, "2", later)
    assert not await database.write(store.settle, first, MADE, good, "1", later)
    assert (await database.read(store.find, made.id)).cursor == "2"
    await database.write(store.release, "two")
    assert await database.read(store.due, "one", later) == [made.id]


async def test_there_are_no_more_webhooks_than_a_node_carries(database, monkeypatch):
    monkeypatch.setattr(store, "MOST", 2)
    for _ in range(2):
        await database.write(store.make, row())
    with pytest.raises(store.Enough):
        await database.write(store.make, row())


def test_waits_grow_to_an_hour_and_are_spread():
    assert store.FIRST_WAIT_SECONDS / 2 <= store.wait(1) <= store.FIRST_WAIT_SECONDS
    assert all(1_800 <= store.wait(failures) <= 3_600 for failures in (11, 50, 10_000))
    assert len({store.wait(5) for _ in range(10)}) > 1

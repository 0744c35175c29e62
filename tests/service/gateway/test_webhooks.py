"""Webhooks: everything arrives, in order, signed, and nowhere that is not public."""

import asyncio

import pytest
from fastapi import Response
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from gateway.webhooks import couriers, store
from tests.service.gateway.house import House, house
from tests.service.gateway.receiver import Receiver

PATH = "/api/v1/webhooks"


@pytest.fixture
async def node(tmp_path, keys, monkeypatch):
    monkeypatch.setattr(couriers, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(store, "FIRST_WAIT_SECONDS", 0.02)
    async with house(tmp_path, keys, "here", webhook_networks=["127.0.0.0/8"]) as made:
        yield made


async def hook(node: House, receiver: Receiver, **more) -> dict:
    asked = {"name": "Library", "url": receiver.url, **more}
    made = await node.at.post(PATH, json=asked, headers=node.operator)
    assert made.status_code == 201, made.text
    return made.json()


async def read(node: House, made: dict) -> dict:
    return (await node.at.get(f"{PATH}/{made['id']}", headers=node.operator)).json()


async def until(node: House, made: dict, state: str) -> dict:
    async with asyncio.timeout(10):
        while (told := await read(node, made))["state"] != state:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
    return told


def told_ids(messages: list[dict]) -> list[str]:
    return [item["id"] for each in messages for item in each["data"]["items"]]


async def test_what_was_there_and_what_comes_arrives_in_order_and_signed(node: House, receiver):
    node.catalog.change("a", "b")
    made = await hook(node, receiver)
    first = (await receiver.messages(made["secret"], 1))[0]
    assert (first["type"], first["data"]["anew"], first["data"]["node"]) == ("changes", True, "eclac")
    node.catalog.change("c")
    messages = await receiver.messages(made["secret"], 2)
    assert told_ids(messages) == ["a", "b", "c"]
    assert not messages[1]["data"]["anew"]
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 43).verify(*receiver.got[0])
    body, headers = receiver.got[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(body.replace(b'"a"', b'"x"'), headers)


async def test_a_message_that_was_not_taken_is_sent_again_under_its_name_before_any_other(node: House, receiver):
    receiver.answers = [Response(status_code=500), Response(status_code=307, headers={"location": "/elsewhere"})]
    node.catalog.change("a")
    made = await hook(node, receiver)
    messages = await receiver.messages(made["secret"], 3)
    assert told_ids(messages) == ["a", "a", "a"]
    assert len({headers["webhook-id"] for _, headers in receiver.got}) == 1
    told = await until(node, made, "active")
    assert (told["failures"], told["failing_since"], told["next_at"]) == (0, None, None)
    tried = (await node.at.get(f"{PATH}/{made['id']}/deliveries", headers=node.operator)).json()["items"]
    assert [each["status"] for each in tried] == [204, 307, 500]
    assert "redirect" in tried[1]["error"]
    assert all("/take" not in headers.get("referer", "") for _, headers in receiver.got)


async def test_a_new_process_goes_on_where_the_last_has_ended(tmp_path, keys, receiver, monkeypatch):
    monkeypatch.setattr(couriers, "LOOK_SECONDS", 0.02)
    async with house(tmp_path, keys, "here", webhook_networks=["127.0.0.0/8"]) as first:
        first.catalog.change("a")
        made = await hook(first, receiver)
        await receiver.messages(made["secret"], 1)
        async with asyncio.timeout(5):
            while (await read(first, made))["delivered_at"] is None:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0.01)
    async with house(tmp_path, keys, "here", webhook_networks=["127.0.0.0/8"]) as second:
        second.catalog.change("a", "b")
        assert told_ids(await receiver.messages(made["secret"], 2)) == ["a", "b"]


async def test_a_webhook_is_told_what_its_role_may_see_and_the_kinds_that_it_wants(node: House, receiver):
    node.stands["indicators"].change("s", kind="series")
    made = await hook(node, receiver, role="reader", kinds=["series"], records=True)
    assert told_ids(await receiver.messages(made["secret"], 1)) == ["s"]
    assert node.catalog.told == []
    role, query = node.stands["indicators"].told[0]
    assert (role, query["kinds"], query["records"]) == ("reader", "series", "true")


async def test_a_webhook_may_begin_at_a_cursor(node: House, receiver):
    node.catalog.change("a")
    since = (await node.at.get("/api/v1/changes")).json()["next"]
    node.catalog.change("b")
    made = await hook(node, receiver, since=since)
    messages = await receiver.messages(made["secret"], 1)
    assert (told_ids(messages), messages[0]["data"]["anew"]) == (["b"], False)


async def test_a_cursor_that_has_gone_begins_anew_and_says_so(node: House, receiver):
    node.catalog.change("a")
    made = await hook(node, receiver)
    await receiver.messages(made["secret"], 1)
    node.catalog.generation = "b"
    node.catalog.change("b")
    messages = await receiver.messages(made["secret"], 2)
    assert (told_ids(messages[1:]), messages[1]["data"]["anew"]) == (["a", "b"], True)
    old = (await node.at.get("/api/v1/changes")).json()["next"]
    node.catalog.generation = "c"
    gone = {"name": "x", "url": receiver.url, "since": old}
    assert (await node.at.post(PATH, json=gone, headers=node.operator)).status_code == 410


async def test_a_receiver_that_wants_no_more_gets_no_more_until_a_test_is_good(node: House, receiver):
    receiver.answers = [Response(status_code=410), Response(status_code=503)]
    node.catalog.change("a")
    made = await hook(node, receiver)
    told = await until(node, made, "disabled")
    assert "410" in told["disabled"]
    test = f"{PATH}/{made['id']}/test"
    assert (await node.at.post(test, headers=node.operator)).json()["status"] == 503
    assert (await read(node, made))["state"] == "disabled"
    assert (await node.at.post(test, headers=node.operator)).json()["status"] == 204
    messages = await receiver.messages(made["secret"], 4)
    assert [each["type"] for each in messages] == ["changes", "test", "test", "changes"]


async def test_a_service_that_is_down_is_no_fault_of_the_receiver(node: House, receiver):
    apart = {name: node.wiring.apps.pop(name) for name in ("catalog", "indicators")}
    made = await hook(node, receiver)
    node.catalog.change("a")
    assert (await read(node, made))["failures"] == 0
    node.wiring.apps.update(apart)
    assert told_ids(await receiver.messages(made["secret"], 1)) == ["a"]


async def test_only_operators_have_webhooks_and_a_secret_is_shown_once(node: House, receiver):
    made = await hook(node, receiver)
    _, reviewer = await node.key("reviewer")
    for held, status in (({}, 401), (reviewer, 403)):
        for method, path in (("GET", PATH), ("POST", PATH), ("DELETE", f"{PATH}/{made['id']}")):
            asked = {"json": {"name": "x", "url": receiver.url}} if method == "POST" else {}
            assert (await node.at.request(method, path, headers=held, **asked)).status_code == status
    listed = await node.at.get(PATH, headers=node.operator)
    assert [each["id"] for each in listed.json()["items"]] == [made["id"]]
    assert made["secret"] not in listed.text
    files = list(node.wiring.settings.data.glob("gateway.db*"))
    assert all(made["secret"][6:].encode() not in file.read_bytes() for file in files)
    assert (await node.at.delete(f"{PATH}/{made['id']}", headers=node.operator)).status_code == 204
    assert (await node.at.get(f"{PATH}/{made['id']}", headers=node.operator)).status_code == 404
    assert (await node.at.get(f"{PATH}/{made['id']}/deliveries", headers=node.operator)).status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        *({"url": url} for url in ("", "x", "ftp://198.51.100.1/", "https://", "https://[::1", "https://a b/")),
        *({"url": f"https://{host}/"} for host in ("user:pass@8.8.8.8", "8.8.8.8/#x", "8.8.8.8:99999")),
        *({"role": "peer"}, {"role": "service"}, {"kinds": ["x"]}, {"name": "a\n"}, {"more": 1}),
    ],
)
async def test_a_webhook_that_cannot_be_is_refused(node: House, receiver, asked):
    given = {"name": "x", "url": receiver.url, **asked}
    assert (await node.at.post(PATH, json=given, headers=node.operator)).status_code == 422

"""What is composed of the services, with the real ones: the list of changes, webhooks, countries, the pages."""

import asyncio

import pytest
import pytest_asyncio

from gateway import home
from gateway.webhooks import couriers
from tests.service.gateway.receiver import receiving
from tests.service.gateway.whole import operator_of, whole

BRIEF = {
    "type": "policy-brief",
    "title": "Salud en la costa",
    "language": "es",
    "text": "Las mujeres de la costa.",
    "themes": ["health-promotion"],
    "groups": ["vulnerable-women"],
    "countries": ["CO"],
    "status": "published",
    "audience": "network",
}
AT = "/api/v1/documents/eclac/salud-costa"
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def at(tmp_path_factory, keys):
    """One node for all: each test writes records of its own."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(couriers, "LOOK_SECONDS", 0.02)
        patched.setattr(home, "FRESH_SECONDS", 0.0)
        async with whole(tmp_path_factory.mktemp("whole"), keys, webhook_networks=["127.0.0.0/8"]) as (client, _):
            yield client


async def now(at, **asked) -> str:
    """The cursor behind all that there is."""
    since, more = "", True
    while more:
        told = (await at.get("/api/v1/changes", params={"since": since, "limit": 1000, **asked})).json()
        assert told["missing"] == []
        since, more = told["next"], told["more"]
    return since


async def polled(at, since: str, **asked):
    """The next changes, waited for as a client waits."""
    async with asyncio.timeout(20):
        while True:
            answer = await at.get("/api/v1/changes", params={"since": since, "wait": 5, **asked})
            assert answer.status_code == 200, answer.text
            if answer.json()["items"]:
                return answer.json()
            since = answer.json()["next"]


async def test_what_is_written_is_told_in_the_list_of_changes_and_so_is_its_deletion(at, keys):
    operator = operator_of(keys)
    since = await now(at)
    written = await at.put(AT, json=BRIEF, headers=operator)
    assert written.status_code == 201, written.text
    told = await polled(at, since, records=True)
    (item,) = told["items"]
    assert (item["op"], item["key"], item["record"]["title"]) == ("put", "eclac/document/salud-costa", BRIEF["title"])
    assert written.headers["weft-after"] == f"{item['key']}@{item['version']}"
    await at.delete(AT, headers={**operator, "If-Match": "*"})
    (item,) = (await polled(at, told["next"]))["items"]
    assert (item["op"], item["key"]) == ("delete", "eclac/document/salud-costa")


async def test_a_cursor_of_other_rights_or_kinds_is_gone(at, keys):
    since = (await at.get("/api/v1/changes")).json()["next"]
    staff = await at.get("/api/v1/changes", params={"since": since}, headers=operator_of(keys))
    assert (staff.status_code, staff.json()["code"]) == (410, "cursor-gone")
    narrower = await at.get("/api/v1/changes", params={"since": since, "kinds": "document"})
    assert (narrower.status_code, narrower.json()["code"]) == (410, "cursor-gone")


async def test_a_webhook_is_told_of_a_document_and_of_a_draft_only_where_its_role_sees_it(at, keys):
    async with receiving() as receiver:
        operator = operator_of(keys)
        asked = {"name": "Library", "url": receiver.url, "kinds": ["document"]}
        public, staff = [
            await at.post("/api/v1/webhooks", json=asked | {"role": role, "since": ""}, headers=operator)
            for role in ("anonymous", "editor")
        ]
        secrets = {role: made.json()["secret"] for role, made in (("public", public), ("staff", staff))}
        await at.put(f"{AT}-borrador", json=BRIEF | {"status": "draft", "audience": "local"}, headers=operator)
        await at.put("/api/v1/documents/eclac/aviso", json=BRIEF, headers=operator)
        draft, published = "eclac/document/salud-costa-borrador", "eclac/document/aviso"
        heard = {"public": set(), "staff": set()}
        async with asyncio.timeout(20):
            while not {draft, published} <= heard["staff"] or published not in heard["public"]:
                heard = {name: receiver.keys_signed_with(secret) for name, secret in secrets.items()}
                await asyncio.sleep(0.02)
        assert draft not in heard["public"]


async def test_a_document_stands_at_its_country_and_on_the_first_page(at, keys):
    brief = BRIEF | {"title": "Agua en los Andes", "countries": ["PE"]}
    await at.put("/api/v1/documents/eclac/agua", json=brief, headers=operator_of(keys))
    async with asyncio.timeout(20):
        while (profile := (await at.get("/api/v1/countries/PE")).json())["documents"]["total"] == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert [item["key"] for item in profile["documents"]["items"]] == ["eclac/document/agua"]
    listed = (await at.get(profile["documents"]["href"])).json()
    assert listed["total"] == 1
    page = (await at.get("/")).text
    assert "Agua en los Andes" in page
    assert "not known <span>" not in page

"""What pages of other sites may do, and what is said of a route that is on its way out."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from gateway import versions
from gateway.versions import Retirement
from tests.service.gateway.house import NODE, House, house
from weft.settings import Settings

ECHO = "/api/v1/documents/eclac/a"
PORTAL = "https://portal.example.org"
PUT = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization, if-match"}


@pytest.fixture
async def named(tmp_path, keys):
    async with house(tmp_path, keys, "here", cors_origins=[PORTAL]) as made:
        yield made


async def test_a_page_of_a_named_site_may_write_with_the_key_that_it_holds(named: House):
    _, editor = await named.key("editor")
    preflight = await named.at.options(ECHO, headers={"Origin": PORTAL, **PUT})
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == PORTAL
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert {"authorization", "if-match"} <= set(preflight.headers["access-control-allow-headers"].lower().split(", "))
    written = await named.at.put(ECHO, headers={"Origin": PORTAL, **editor})
    assert written.status_code == 200
    assert written.headers.get_list("access-control-allow-origin") == [PORTAL]
    assert "Weft-After" in written.headers["access-control-expose-headers"]
    assert "Origin" in written.headers["vary"]
    refused = await named.at.put(ECHO, headers={"Origin": PORTAL})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, PORTAL)


@pytest.mark.parametrize("origin", [f"{PORTAL}.evil.example", "http://portal.example.org", "null", PORTAL + ":444", ""])
async def test_a_page_of_any_other_site_may_only_read(named: House, origin):
    preflight = await named.at.options(ECHO, headers={"Origin": origin, **PUT})
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"
    read = await named.at.get(ECHO, headers={"Origin": origin})
    assert read.headers["access-control-allow-origin"] == "*"
    assert "Origin" in read.headers["vary"]
    written = await named.at.put(ECHO, headers={"Origin": origin})
    assert "access-control-allow-origin" not in written.headers
    assert not [name for name in read.headers if name == "access-control-allow-credentials"]


@pytest.mark.parametrize(
    "site", ["*", "https://a.example/", "https://a.example/x", "a.example", "file://x", "https://*.a"]
)
def test_a_site_is_named_as_browsers_name_it(tmp_path, site):
    with pytest.raises(ValidationError):
        Settings(node=NODE, data=tmp_path, cors_origins=[site])


async def test_what_an_answer_must_know_of_passes_both_ways_and_nothing_else_in_its_name(both: House):
    sent = {"Weft-After": "eclac/document/a@1.ab.3", "Weft-Role": "operator"}
    answer = await both.at.get(ECHO, headers=sent)
    told = dict(answer.json()["headers"])
    assert told["weft-after"] == "eclac/document/a@1.ab.3"
    assert "weft-role" not in told
    assert answer.headers["weft-test"] == "anonymous"
    assert "Weft-After" in answer.headers["access-control-expose-headers"]
    asked = {"Origin": PORTAL, "Access-Control-Request-Method": "GET"}
    assert "Weft-After" in (await both.at.options(ECHO, headers=asked)).headers["access-control-allow-headers"]


async def test_a_route_on_its_way_out_says_so_in_every_answer(both: House, monkeypatch):
    leaving = Retirement(datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC), "/api/v2/documents")
    monkeypatch.setattr(versions, "RETIRING", {"/api/v1/documents": leaving})
    for answer in (await both.at.get(ECHO), await both.at.put(ECHO), await both.at.get("/api/v1/documents/bug")):
        assert answer.headers["deprecation"] == "@1793491200"
        assert answer.headers["sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
        assert '</api/v2/documents>; rel="successor-version"' in answer.headers["link"]
    described = (await both.at.get("/openapi.json")).json()["paths"]
    assert described["/api/v1/documents/{origin}/{id}"]["get"]["deprecated"] is True
    assert "deprecated" not in described["/api/v1/keys"]["get"]
    for path in ("/api/v1/network", "/api/v1/documentsx"):
        assert "deprecation" not in (await both.at.get(path)).headers

"""What passes the door, in which form, and what does not."""

import asyncio

import pytest

from tests.service.gateway.house import House, house
from weft.exchange.session import SESSION, statement
from weft.identity import Caller, Role
from weft.protocol.signing import SigningKey

ECHO = "/api/v1/documents/eclac/a"


def seen(answer, name):
    return [value for key, value in answer.json()["headers"] if key == name]


async def test_a_caller_cannot_say_who_it_is_in_the_gateways_words(both: House):
    forged = both.wiring.passports.issue(Caller("mallory", Role.OPERATOR))
    headers = [
        ("Weft-Caller", forged),
        ("weft-caller", forged),
        ("Weft-Role", "operator"),
        ("Connection", "weft-caller"),
    ]
    answer = await both.at.get(ECHO, headers=headers)
    assert answer.json()["caller"] == ["", "anonymous", ""]
    assert len(seen(answer, "weft-caller")) == 1
    assert seen(answer, "weft-role") == []


async def test_a_service_learns_who_calls_and_not_how_it_was_proven(both: House):
    _, editor = await both.key("editor")
    answer = await both.at.get(ECHO, headers={**editor, "Cookie": "a=b", "X-Forwarded-For": "10.0.0.1"})
    assert answer.json()["caller"] == ["an editor", "editor", ""]
    assert seen(answer, "authorization") == seen(answer, "cookie") == seen(answer, "x-forwarded-for") == []


async def test_headers_of_the_connection_stay_on_it_and_others_pass(both: House):
    sent = {"Connection": "close, X-Private", "X-Private": "1", "X-Seen": "2", "traceparent": "00-aa-bb-01"}
    answer = await both.at.get(ECHO, headers=sent)
    assert seen(answer, "x-private") == seen(answer, "connection") == []
    assert seen(answer, "traceparent") == ["00-aa-bb-01"]
    assert answer.headers["x-seen"] == "2"


async def test_query_and_path_pass_as_they_were_written(both: House):
    answer = await both.at.get("/api/v1/documents/eclac/caf%C3%A9?a=1&b=%2F%20+x&a=%E4%B8%AD")
    told = answer.json()
    assert told["raw"] == "/api/v1/documents/eclac/caf%C3%A9"
    assert told["query"] == "a=1&b=%2F%20+x&a=%E4%B8%AD"
    assert told["key"] == "eclac/document/café"


@pytest.mark.parametrize("given", ["abc-123", "two words", "x" * 65])
async def test_a_plain_request_id_is_kept_and_another_is_replaced(both: House, given):
    answer = await both.at.get(ECHO, headers={"X-Request-ID": given})
    assert (answer.headers.get_list("x-request-id") == [given]) is (given == "abc-123")
    assert seen(answer, "x-request-id") == [answer.headers["x-request-id"]]


async def test_a_head_is_answered_like_a_get_without_its_body(both: House):
    got, head = await both.at.get(ECHO), await both.at.head(ECHO)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]
    assert head.headers["content-type"] == "application/json"
    assert (await both.at.head("/openapi.json")).content == b""
    assert (await both.at.head("/nothing")).status_code == 404


async def test_a_head_ends_the_stream_that_a_get_would_read(both: House):
    assert (await both.at.head("/api/v1/documents/stream")).status_code == 200
    await asyncio.wait_for(both.catalog.cancelled.wait(), 5)


async def test_what_has_not_changed_is_answered_with_304(both: House):
    answer = await both.at.get(ECHO, headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')


async def test_the_body_of_a_request_that_reads_is_not_passed_on(both: House):
    answer = await both.at.request("GET", ECHO, content=b"x" * 1000)
    assert seen(answer, "content-length") == []
    assert (await both.at.get(ECHO)).status_code == 200


async def test_a_service_that_is_down_is_named(tmp_path, keys):
    async with house(tmp_path, keys, "here", search_url="http://127.0.0.1:9") as made:
        del made.wiring.apps["search"], made.wiring.apps["indicators"]
        there = await made.at.get("/api/v1/search?q=x")
        nowhere = await made.at.get("/api/v1/series")
        ready = await made.at.get("/readyz")
    for answer, service in ((there, "search"), (nowhere, "indicators")):
        assert (answer.status_code, answer.json()["service"]) == (503, service)
        assert answer.headers["retry-after"]
        assert answer.headers["content-type"] == "application/problem+json"
    assert ready.status_code == 503
    assert set(ready.json()["waiting"]) == {"search", "indicators"}


async def test_a_node_is_ready_when_its_services_are(both: House):
    assert (await both.at.get("/readyz")).json() == {"status": "ready"}
    assert (await both.at.get("/version")).json()["node"] == "eclac"
    assert (await both.at.get("/healthz")).json() == {"status": "alive"}


async def test_metrics_are_for_this_machine_and_for_operators(both: House):
    from_elsewhere = {"X-Forwarded-For": "203.0.113.7"}
    await both.at.get(ECHO)
    assert 'service="gateway"' in (await both.at.get("/metrics")).text
    assert (await both.at.get("/metrics", headers=from_elsewhere)).status_code == 401
    assert (await both.at.get("/metrics", headers={**from_elsewhere, **both.operator})).status_code == 200


async def test_a_peers_session_reaches_the_feeds_of_this_node_under_its_name(both: House):
    token = both.tokens.open("escap", *_proof(both))
    answer = await both.at.get("/feeds/eclac/indicators/network/head", headers={"Authorization": f"Weft {token}"})
    assert answer.json()[:6] == ["indicators", "eclac", "indicators", "network", "escap", "peer"]
    assert answer.json()[6]


def _proof(both):
    key, nonce = SigningKey(b"7" * 32), both.tokens.nonce()
    signed = statement(nonce, both.wiring.keys.identity.public.fingerprint, "escap")
    return key.public, nonce, key.sign(SESSION, signed)


async def test_every_answer_has_the_headers_that_protect_its_reader(both: House):
    for path in ("/", ECHO, "/nothing", "/healthz", "/docs"):
        headers = (await both.at.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["referrer-policy"]
        assert "strict-transport-security" not in headers
    assert "sandbox" in (await both.at.get(ECHO)).headers["content-security-policy"]


async def test_a_node_at_an_https_address_says_that_it_stays_there(tmp_path, keys):
    async with house(tmp_path, keys, "here", url="https://weft.example.org") as made:
        assert (await made.at.get("/healthz")).headers["strict-transport-security"]


async def test_pages_of_other_sites_may_read_and_nothing_else(both: House):
    read = await both.at.get(ECHO, headers={"Origin": "https://example.org"})
    missed = await both.at.get("/api/v1/nothing", headers={"Origin": "https://example.org"})
    assert read.headers.get_list("access-control-allow-origin") == ["*"]
    assert missed.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in read.headers
    asked = {"Origin": "https://example.org", "Access-Control-Request-Method": "PUT"}
    preflight = await both.at.options(ECHO, headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-methods"] == "GET, HEAD"
    assert "authorization" not in preflight.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-origin" not in (await both.at.put(ECHO, headers=asked)).headers


async def test_a_method_that_an_address_does_not_take_is_told_which_it_takes(both: House):
    for path, allowed in ((ECHO, "GET, PUT"), ("/api/v1/keys", "GET, POST")):
        answer = await both.at.request("TRACE", path, headers=both.operator)
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
        assert {*answer.headers["allow"].split(", ")} <= {*allowed.split(", ")}

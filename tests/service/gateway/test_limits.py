"""Limits count by key and by address, recover by themselves, and remember a bounded number of callers."""

import pytest

from gateway import limits
from gateway.identity import NOBODY, Visitor
from gateway.limits import Limits, Window, address_of
from gateway.problems import TooMany
from tests.service.gateway.house import house
from weft.identity import Caller, Role
from weft.settings import Settings


@pytest.fixture
def clock():
    return [6_000.0]


@pytest.fixture
def window(clock):
    return Window(lambda: clock[0])


def test_one_more_than_the_limit_is_refused_and_told_when_to_come_again(window, clock):
    clock[0] += 18
    for _ in range(3):
        window.hit("a", 3)
    with pytest.raises(TooMany) as refused:
        window.hit("a", 3)
    assert refused.value.headers == {"Retry-After": "42"}
    window.hit("b", 3)


def test_the_last_minute_fades(window, clock):
    for _ in range(10):
        window.hit("a", 10)
    clock[0] += 60
    with pytest.raises(TooMany):
        window.hit("a", 10)
    clock[0] += 30
    for _ in range(5):
        window.hit("a", 10)
    with pytest.raises(TooMany):
        window.hit("a", 10)
    clock[0] += 90
    for _ in range(10):
        window.hit("a", 10)


def test_callers_beyond_the_bound_share_one_count(window, monkeypatch):
    monkeypatch.setattr(limits, "BUCKETS", 3)
    for name in ("a", "b", "c", "d", "e"):
        window.hit(name, 2)
    with pytest.raises(TooMany):
        window.hit("f", 2)
    window.hit("a", 2)
    assert len(window._now) == 4


@pytest.fixture
def node_limits(tmp_path, clock):
    settings = Settings(node="eclac", data=tmp_path, requests_per_minute=4, writes_per_minute=2)
    return Limits(settings, clock=lambda: clock[0])


def test_writes_have_a_limit_of_their_own(node_limits):
    key = Visitor(Caller("x", Role.EDITOR), "key 1")
    node_limits.admit(key, "a", "PUT")
    node_limits.admit(key, "a", "PUT")
    with pytest.raises(TooMany):
        node_limits.admit(key, "a", "PUT")


def test_a_key_is_counted_wherever_it_comes_from_and_an_address_whoever_is_there(node_limits):
    key = Visitor(Caller("x", Role.READER), "key 1")
    for address in ("a", "b", "c", "d"):
        node_limits.admit(key, address, "GET")
    with pytest.raises(TooMany):
        node_limits.admit(key, "e", "GET")
    for _ in range(4):
        node_limits.admit(NOBODY, "a", "GET")
    with pytest.raises(TooMany):
        node_limits.admit(NOBODY, "a", "GET")


def test_peers_and_probes_are_not_held_up_by_what_others_do(node_limits):
    peer = Visitor(Caller("eca", Role.PEER, "f"), "peer eca f", node=True)
    for _ in range(100):
        node_limits.admit(peer, "a", "GET")
        node_limits.admit_probe("a")


def test_an_address_that_guesses_is_stopped_before_another_look_up(node_limits):
    for _ in range(4):
        node_limits.may_try("a")
        node_limits.failed("a")
    with pytest.raises(TooMany):
        node_limits.may_try("a")
    node_limits.may_try("b")


@pytest.mark.parametrize(
    ("client", "name"),
    [
        (("192.0.2.7", 1), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::"),
        (("2001:db8:1:2:ffff::1", 1), "2001:db8:1:2::"),
        (("::ffff:192.0.2.7", 1), "192.0.2.7"),
        (("fe80::1%eth0", 1), "fe80::"),
        (("testclient", 1), "unknown address"),
        (None, "unknown address"),
    ],
)
def test_an_address_is_counted_by_what_one_site_has(client, name):
    assert address_of(client) == name


async def test_a_refusal_is_a_problem_with_retry_after(tmp_path, keys):
    async with house(tmp_path, keys, "here", requests_per_minute=3) as made:
        answers = [await made.at.get("/api/v1/documents/eclac/a") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert answers[-1].json()["code"] == "too-many-requests"
        assert (await made.at.get("/healthz")).status_code == 200
        assert (await made.at.get("/api/v1/documents/eclac/a", headers=made.operator)).status_code == 200

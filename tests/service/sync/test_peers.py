"""Peers: a person says yes to a key, and nothing follows before that."""

import pytest

from tests.service.sync.conftest import OPERATOR, Sync
from weft.identity import ANONYMOUS, Caller, Role


def test_anybody_may_read_what_a_node_says_of_itself(eca, read_descriptor):
    said = read_descriptor(eca.ask("GET", "/.well-known/weft").content)
    assert (said.node, said.url, said.key.fingerprint) == (
        "eca",
        "http://eca.example",
        eca.keys.identity.public.fingerprint,
    )


def test_a_node_that_introduces_itself_waits_for_a_yes(eca, ece):
    assert eca.introduce(ece).status_code == 204
    assert eca.peers() == {"ece": "asked"}
    assert eca.open_session(ece).status_code == 401
    assert eca.approve(ece).json()["state"] == "approved"
    assert eca.open_session(ece).status_code == 200


def test_a_yes_is_to_a_key_and_not_to_a_name(eca, ece):
    eca.introduce(ece)
    answer = eca.ask("POST", "/api/v1/sync/peers/ece/approve", OPERATOR, json={"fingerprint": "0" * 32})
    assert (answer.status_code, answer.json()["code"]) == (409, "not-that-key")
    assert eca.peers() == {"ece": "asked"}


def test_another_key_cannot_take_an_approved_name(eca, ece, tmp_path):
    eca.introduce(ece)
    eca.approve(ece)
    impostor = Sync("ece", tmp_path / "impostor")
    answer = eca.introduce(impostor)
    assert (answer.status_code, answer.json()["code"]) == (409, "other-identity")
    assert eca.open_session(impostor).status_code == 401
    assert eca.open_session(ece).status_code == 200


def test_nobody_takes_our_own_name(eca, tmp_path):
    assert eca.introduce(Sync("eca", tmp_path / "other")).json()["code"] == "other-identity"


def test_a_descriptor_that_was_changed_on_the_way_is_refused(eca, ece):
    said = ece.app.state.node.descriptor()
    answer = eca.introduce(ece, statement=said.statement.replace("ece.example", "evil.example"))
    assert answer.status_code == 400
    assert eca.peers() == {}


def test_only_so_many_nodes_may_wait(eca, ece, monkeypatch):
    monkeypatch.setattr("services.sync.peers.WAITING", 0)
    assert eca.introduce(ece).status_code == 413


@pytest.mark.parametrize("proof", [{"node": "escap"}, {"signature": "00" * 64}, {"nonce": "made-up"}])
def test_a_wrong_proof_opens_no_session(eca, ece, proof):
    eca.introduce(ece)
    eca.approve(ece)
    assert eca.open_session(ece, **proof).status_code == 401


def test_a_peer_gets_a_token_for_our_broker_and_others_do_not(eca, ece):
    eca.introduce(ece)
    eca.approve(ece)
    caller = Caller("ece", Role.PEER, ece.keys.identity.public.fingerprint)
    assert set(eca.ask("GET", "/feeds/broker", caller).json()) == {"url", "jwt", "certificate"}
    assert eca.ask("GET", "/feeds/broker").status_code == 401
    assert eca.ask("GET", "/feeds/broker", OPERATOR).status_code == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/sync/peers"),
        ("POST", "/api/v1/sync/peers"),
        ("POST", "/api/v1/sync/peers/ece/approve"),
        ("GET", "/api/v1/sync/status"),
        ("POST", "/api/v1/sync/verify"),
    ],
)
@pytest.mark.parametrize("caller", [ANONYMOUS, Caller("Ana", Role.EDITOR), Caller("ece", Role.PEER, "f" * 32)])
def test_replication_is_for_operators_alone(eca, method, path, caller):
    body = {"url": "http://ece.example", "fingerprint": "0" * 32}
    body = {
        name: value for name, value in body.items() if name == ("fingerprint" if path.endswith("approve") else "url")
    }
    assert eca.ask(method, path, caller, json=body).status_code == (401 if caller is ANONYMOUS else 403)


@pytest.mark.parametrize(
    "path", ["/internal/feeds", "/feeds/ece/catalog/network/head", "/feeds/ece/catalog/network/commits?after=0-0-0"]
)
def test_what_is_between_services_is_for_services_alone(eca, path):
    for caller in (ANONYMOUS, OPERATOR, Caller("ece", Role.PEER, "f" * 32)):
        assert eca.ask("GET", path, caller).status_code in {401, 403, 404}


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://user@host", "http://host/?q=1", "x" * 400])
def test_an_address_that_is_none_is_refused(eca, url):
    assert eca.ask("POST", "/api/v1/sync/peers", OPERATOR, json={"url": url}).status_code == 422


def test_an_address_where_no_node_answers_is_said_to_have_none(eca):
    answer = eca.ask("POST", "/api/v1/sync/peers", OPERATOR, json={"url": "http://127.0.0.1:9"})
    assert (answer.status_code, answer.json()["code"]) == (502, "no-descriptor")


def test_the_network_is_public_and_unknown_is_not_shown_as_good(eca, ece):
    eca.introduce(ece)
    eca.approve(ece)
    nodes = {node["name"]: node for node in eca.ask("GET", "/api/v1/network").json()["items"]}
    assert nodes["eca"]["ours"]
    assert nodes["ece"]["state"] != "live"
    assert nodes["ece"]["behind_commits"] is None


def test_a_status_with_silent_services_is_not_equal(eca, ece):
    status = eca.ask("GET", "/api/v1/sync/status", OPERATOR).json()
    assert status["equal"] is False
    assert {copy["service"] for copy in status["copies"]} == {"catalog", "indicators", "search"}
    assert all(not copy["equal"] and copy["why"] for copy in status["copies"])

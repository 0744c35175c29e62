"""Authentic. Nobody, peer or relay, can forge, alter, reorder, replay or drop a change unnoticed."""

import asyncio
from collections.abc import Iterator

import httpx
import jwt
import pytest

from tests.promises.desk import Editor, feed_status, made, running, seen, settle, status, visitor
from tests.promises.relay import Mischief, Relay, drops, flips, lies, reorders, replays, signs
from weft.demo.local import LocalNode, free_ports
from weft.demo.visitor import until
from weft.exchange.session import SCHEME, PeerAuth
from weft.keys import NodeKeys, create
from weft.nats.errors import Refused
from weft.nats.keys import Credentials
from weft.nats.link import dial
from weft.protocol.signing import SigningKey

FEED = "ece/catalog/network"
NOWHERE = "nats://127.0.0.1:1"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalNode, LocalNode, Relay]]:
    """ECA reads ECE through a relay, and has no other way to it."""
    ece, eca = made(tmp_path_factory.mktemp("authentic"), "ece", "eca")
    relay = Relay(ece.url, free_ports(1)[0])
    ece.environment |= {"WEFT_URL": relay.url, "WEFT_NATS_PUBLIC_URL": NOWHERE}
    eca.environment |= {"WEFT_POLL_SECONDS": "0.2"}
    with running(ece, eca):
        yield ece, eca, relay
    relay.close()


@pytest.fixture(scope="module")
def ece(network: tuple[LocalNode, LocalNode, Relay]) -> LocalNode:
    return network[0]


@pytest.fixture(scope="module")
def eca(network: tuple[LocalNode, LocalNode, Relay]) -> LocalNode:
    return network[1]


@pytest.fixture(scope="module")
def relay(network: tuple[LocalNode, LocalNode, Relay]) -> Relay:
    return network[2]


@pytest.fixture(scope="module")
def editor(ece: LocalNode) -> Editor:
    return Editor(ece)


@pytest.mark.parametrize("mischief", [flips, lies, signs, drops, reorders], ids=lambda mischief: mischief.__name__)
def test_what_a_relay_spoils_is_never_shown_but_noticed_and_mends_when_it_is_honest(
    eca: LocalNode, relay: Relay, editor: Editor, mischief: Mischief
) -> None:
    settle(editor, eca)
    before = seen(eca, "ece")
    with relay.plays(mischief):
        for at in range(3):
            editor.put(f"{mischief.__name__}-{at}", f"True {mischief.__name__} {at}")  # type: ignore[attr-defined]
        until("the relay has done it twice, and it is noticed", lambda: relay.played > 1 and noticed(eca))
        assert before <= seen(eca, "ece") <= editor.said
    settle(editor, eca, seconds=60)


def test_a_refusal_is_counted_and_told_with_its_reason(eca: LocalNode, relay: Relay, editor: Editor) -> None:
    settle(editor, eca)
    counted, told = feed_status(eca, FEED)["refused"], len(status(eca)["refusals"])
    with relay.plays(lies):
        editor.put("counted", "True, and counted")
        until("the refusal is counted", lambda: feed_status(eca, FEED)["refused"] > counted)
    newest = status(eca)["refusals"]
    assert len(newest) > told
    assert newest[0]["feed"] == FEED
    assert newest[0]["code"]
    assert newest[0]["why"]
    settle(editor, eca, seconds=60)


def test_an_old_answer_that_is_replayed_is_noticed_shown_and_takes_nothing_back(
    eca: LocalNode, relay: Relay, editor: Editor
) -> None:
    recording = replays()
    with relay.plays(recording):
        editor.put("replayed", "True at first")
        until("the first answer came", lambda: "True at first" in {item.title for item in seen(eca, "ece")})
    settle(editor, eca, seconds=60)
    editor.put("replayed", "True later")
    settle(editor, eca, seconds=60)
    with relay.plays(recording):
        editor.put("replayed", "True at last")
        until("the first answer was replayed", lambda: relay.played > 2)
        until("it is shown", lambda: "replayed" in {item["code"] for item in status(eca)["refusals"]})
        assert feed_status(eca, FEED)["state"] == "desynchronised"
        assert title(eca, "replayed") == "True later"
    settle(editor, eca, seconds=60)
    assert title(eca, "replayed") == "True at last"


def test_a_node_that_nobody_approved_opens_no_session(ece: LocalNode, tmp_path_factory: pytest.TempPathFactory) -> None:
    stranger = create(tmp_path_factory.mktemp("stranger")).keys
    assert "not approved" in refused_session(ece, "stranger", stranger.identity)


def test_the_key_of_another_node_does_not_speak_for_a_peer(ece: LocalNode, eca: LocalNode) -> None:
    assert "401" in refused_session(ece, "eca", NodeKeys.open(ece.folder).identity)
    assert asyncio.run(asked(ece, "eca", NodeKeys.open(eca.folder).identity)).status_code == 200


@pytest.mark.parametrize("audience", ["network", "eca", "eclac", "local"])
@pytest.mark.parametrize("what", ["head", "commits?after=0-0-0", "snapshot", "digest", "digest/0"])
def test_without_a_session_a_feed_is_refused(ece: LocalNode, audience: str, what: str) -> None:
    answer = visitor(ece).get(f"/feeds/ece/catalog/{audience}/{what}")
    assert answer.status_code in {401, 404}
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("audience", ["eclac", "local"])
def test_a_peer_is_refused_the_feeds_that_are_not_for_it(ece: LocalNode, eca: LocalNode, audience: str) -> None:
    ours = NodeKeys.open(eca.folder).identity
    assert asyncio.run(asked(ece, "eca", ours, f"/feeds/ece/catalog/{audience}/head")).status_code == 404


def test_a_session_that_was_not_given_here_is_refused(ece: LocalNode, eca: LocalNode) -> None:
    claims = {
        "sub": "eca",
        "peer": NodeKeys.open(eca.folder).identity.public.fingerprint,
        "exp": 2**40,
        "aud": "weft-session",
    }
    forged = [
        jwt.encode(claims, b"a secret of somebody else's making", algorithm="HS256"),
        jwt.encode(claims, NodeKeys.open(ece.folder).identity.public.raw, algorithm="HS256"),
        jwt.encode(claims, None, algorithm="none"),
    ]
    for token in forged:
        headers = {"Authorization": f"{SCHEME} {token}"}
        assert httpx.get(f"{ece.url}/feeds/{FEED}/head", headers=headers).status_code == 401


def test_the_broker_refuses_a_pass_of_somebody_elses_making_and_a_peers_pass_in_other_hands(
    ece: LocalNode, eca: LocalNode, tmp_path_factory: pytest.TempPathFactory
) -> None:
    stranger, peer = create(tmp_path_factory.mktemp("forger")).keys, NodeKeys.open(eca.folder)
    overheard = NodeKeys.open(ece.folder).trust.peer_jwt(peer.reader.public, "eca")
    own = stranger.trust.peer_jwt(stranger.reader.public, "eca")
    asyncio.run(knock(ece, Credentials(overheard, peer.reader)))
    for pass_ in (own, overheard):
        with pytest.raises(Refused):
            asyncio.run(knock(ece, Credentials(pass_, stranger.reader)))


def noticed(reader: LocalNode) -> bool:
    """Whether a node's operator can see that a copy is not as its origin has it, or why it cannot be known."""
    at = feed_status(reader, FEED)
    return not status(reader)["equal"] and (at["state"] != "live" or at["behind_commits"] > 0)


def title(node: LocalNode, id_: str) -> str:
    return next(item.title for item in seen(node, "ece") if item.id == id_)


def refused_session(node: LocalNode, name: str, key: SigningKey) -> str:
    with pytest.raises(httpx.TransportError) as refused:
        asyncio.run(asked(node, name, key))
    return str(refused.value)


async def asked(node: LocalNode, name: str, key: SigningKey, path: str = f"/feeds/{FEED}/head") -> httpx.Response:
    """What a node answers to somebody who says this name and signs with this key."""
    auth = PeerAuth(name, key, NodeKeys.open(node.folder).identity.public)
    async with httpx.AsyncClient(base_url=node.url, auth=auth, timeout=30) as client:
        return await client.get(path)


async def knock(node: LocalNode, credentials: Credentials) -> None:
    address = f"nats://127.0.0.1:{node.operator.settings.nats_port}"
    connection = await dial(address, credentials, name="knocks", inbox="_INBOX_eca")
    await connection.close()

"""Nothing hangs. Every job ends in success or failure by itself, and lag is shown in changes and in seconds, never
guessed.
"""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest

from tests.promises.desk import Editor, begin, feed_status, made, running, settle, status, visitor
from tests.promises.relay import Relay, withholds
from weft.demo.local import LocalNode, free_ports
from weft.demo.visitor import expect, until
from weft.exchange.session import PeerAuth
from weft.keys import NodeKeys

FEED = "ece/catalog/network"
STOP_SECONDS, ANSWER_SECONDS = 10.0, 10.0


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalNode, LocalNode, Relay]]:
    """ECA reads ECE through a relay, and has no other way to it."""
    ece, eca = made(tmp_path_factory.mktemp("hangs"), "ece", "eca")
    relay = Relay(ece.url, free_ports(1)[0])
    ece.environment |= {"WEFT_URL": relay.url, "WEFT_NATS_PUBLIC_URL": "nats://127.0.0.1:1"}
    eca.environment |= {"WEFT_POLL_SECONDS": "0.2"}
    with running(ece, eca):
        yield ece, eca, relay
    relay.close()


Three = tuple[LocalNode, LocalNode, Relay]


def test_lag_is_shown_in_changes_and_in_seconds_and_ends_when_they_arrive(network: Three) -> None:
    ece, eca, relay = network
    editor = Editor(ece)
    editor.put("lag", "The first")
    settle(editor, eca)
    with relay.plays(withholds):
        for at in range(1, 4):  # one after the other: what is superseded before it is sealed makes no commit
            editor.put("lag", f"Withheld {at}")
            until(f"it is {at} behind", partial(is_behind, eca, at))
        first = feed_status(eca, FEED)["behind_seconds"]
        until("the seconds go on", lambda: feed_status(eca, FEED)["behind_seconds"] > first + 0.5)
        assert not status(eca)["equal"]
        assert neighbour(eca)["behind_commits"] == 3
        assert neighbour(eca)["behind_seconds"] > first
    settle(editor, eca)
    caught_up = feed_status(eca, FEED)
    assert (caught_up["behind_changes"], caught_up["behind_seconds"]) == (0, 0)


def is_behind(node: LocalNode, changes: int) -> bool:
    return bool(feed_status(node, FEED)["behind_changes"] == changes)


def test_what_is_not_known_of_a_peer_that_is_down_is_not_told_as_zero(network: Three) -> None:
    ece, eca, _ = network
    ece.kill()
    eca.stop()
    begin(eca)
    until("it is found to be unreachable", lambda: feed_status(eca, FEED)["state"] == "unreachable")
    at = feed_status(eca, FEED)
    assert (at["behind_commits"], at["behind_changes"], at["behind_seconds"], at["head"]) == (None, None, None, None)
    assert at["why"]
    assert not status(eca)["equal"]
    assert neighbour(eca)["behind_commits"] is None
    assert neighbour(eca)["behind_seconds"] is None
    begin(ece)
    until("it has come back by itself", lambda: bool(status(eca)["equal"]), 60)


def test_while_a_peer_hangs_every_request_ends_in_time(network: Three) -> None:
    _, eca, relay = network
    with relay.holds():
        for path in ("/api/v1/documents", "/api/v1/search?q=lag", "/api/v1/network", "/readyz", "/"):
            asked = time.monotonic()
            assert visitor(eca).get(path).is_success, path
            assert time.monotonic() - asked < ANSWER_SECONDS
        asked = time.monotonic()
        status(eca)
        assert time.monotonic() - asked < ANSWER_SECONDS


def test_a_node_stops_in_time_while_a_peer_hangs(network: Three) -> None:
    _, eca, relay = network
    with relay.holds():
        assert seconds_to_stop(eca) < STOP_SECONDS
    begin(eca)


def test_a_node_stops_in_time_while_peers_wait_for_news(network: Three) -> None:
    ece, eca, _ = network
    token, at = session(ece, eca), feed_status(eca, FEED)["applied"]
    with ExitStack() as opened:
        for _ in range(3):
            opened.enter_context(waiting(ece, f"/feeds/{FEED}/commits?after={at}&wait=25", token))
        assert seconds_to_stop(ece) < STOP_SECONDS
    begin(ece)


def neighbour(node: LocalNode) -> dict[str, object]:
    """ECE, as a node tells the public of it."""
    told = expect(visitor(node).get("/api/v1/network")).json()["items"]
    return next(item for item in told if item["name"] == "ece")


def seconds_to_stop(node: LocalNode) -> float:
    asked = time.monotonic()
    node.stop()
    return time.monotonic() - asked


def session(origin: LocalNode, peer: LocalNode) -> str:
    """What an approved peer shows with each request."""

    async def opened() -> str:
        auth = PeerAuth(peer.name, NodeKeys.open(peer.folder).identity, NodeKeys.open(origin.folder).identity.public)
        async with httpx.AsyncClient(base_url=origin.url, auth=auth) as client:
            answer = expect(await client.get(f"/feeds/{FEED}/head"))
            return answer.request.headers["Authorization"]

    return asyncio.run(opened())


def waiting(node: LocalNode, path: str, token: str) -> socket.socket:
    """A request that has been sent and waits for its answer."""
    address = urlsplit(node.url)
    opened = socket.create_connection((address.hostname, address.port))
    opened.sendall(f"GET {path} HTTP/1.1\r\nHost: ece\r\nAuthorization: {token}\r\n\r\n".encode())
    opened.settimeout(1)
    with pytest.raises(TimeoutError):
        opened.recv(1)
    return opened

"""A node whose broker is a cluster of three, on streams of three copies: whichever member dies, nothing is lost.

The members are nats-servers that nobody but this test starts, over TLS, from the files that `weft broker render` wrote.
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.network.streams import told
from tests.promises.desk import UNHURRIED, Editor, editing, held, made, running, settle, weft
from weft.demo.local import LocalNode, free_ports
from weft.demo.visitor import until
from weft.keys import NodeKeys, create
from weft.nats.cluster import LAST_PORT, ROUTES_ABOVE, Member, render
from weft.nats.process import binary

pytestmark = [pytest.mark.network, pytest.mark.timeout(240)]
STREAM = "catalog_network"
MENDED_SECONDS = 30
"""Until a publisher and its readers go on after the member they were at has died, on a machine that is busy."""


@dataclass
class Servers:
    """The members of the cluster, as whoever runs them sees them."""

    folders: dict[str, Path]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *names: str) -> None:
        for name in names or self.folders:
            command = [binary(), "-c", self.folders[name] / "server.conf"]
            with (self.folders[name] / "errors").open("ab") as errors:
                self.running[name] = subprocess.Popen(command, stdout=errors, stderr=errors, start_new_session=True)

    def kill(self, *names: str) -> None:
        for name in names or list(self.running):
            server = self.running.pop(name)
            server.kill()
            server.wait(10)


def three() -> list[Member]:
    """Members at ports that are free, and the ports above them for each other too."""
    while True:
        ports = free_ports(3)
        if max(ports) <= LAST_PORT and all(_free(port + ROUTES_ABOVE) for port in ports):
            return [Member("127.0.0.1", port) for port in ports]


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Servers, LocalNode]]:
    folder = tmp_path_factory.mktemp("cluster")
    members = three()
    create(folder / "ece")
    ece = LocalNode("ece", folder / "ece", environment=dict(UNHURRIED))
    urls = ",".join(member.url for member in members)
    (folder / "ece" / "node.toml").write_text(
        f'node = "ece"\nport = {free_ports(1)[0]}\nnats_url = "{urls}"\nnats_replicas = 3\n', encoding="utf-8"
    )
    written = render("ece", NodeKeys.open(ece.folder).trust, members, folder / "nats", None)
    made_ = Servers({f"ece-{member.name}": place for member, place in written.items()})
    try:
        made_.start()
        yield made_, ece
    finally:
        made_.kill()


@pytest.fixture(scope="module")
def nodes(
    servers: tuple[Servers, LocalNode], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[LocalNode, LocalNode]]:
    (eca,) = made(tmp_path_factory.mktemp("reader"), "eca")
    with running(servers[1], eca):
        yield servers[1], eca


def leader(node: LocalNode) -> str:
    return str(told(node, f"STREAM.INFO.{STREAM}").get("cluster", {}).get("leader", ""))


def in_sync(node: LocalNode) -> bool:
    replicas = told(node, f"STREAM.INFO.{STREAM}").get("cluster", {}).get("replicas", [])
    return len(replicas) == 2 and all(copy.get("current") and not copy.get("offline") for copy in replicas)


def published(node: LocalNode) -> int:
    return int(told(node, f"STREAM.INFO.{STREAM}").get("state", {}).get("last_seq", 0))


def delivered(node: LocalNode) -> int:
    """How far ECA's reader has come in the stream."""
    return int(told(node, f"CONSUMER.INFO.{STREAM}.eca").get("delivered", {}).get("stream_seq", 0))


def goes_on(editor: Editor, name: str) -> float:
    """Seconds until a new commit has gone through the cluster to ECA."""
    asked, before = time.monotonic(), published(editor.node)
    at = 0

    def through() -> bool:
        nonlocal at
        at += 1
        editor.put(f"{name}-{at}", f"{name} {at}")
        return delivered(editor.node) > before

    until("new commits go through the cluster", through, MENDED_SECONDS)
    return time.monotonic() - asked


def test_a_cluster_carries_a_feed_on_three_copies(
    servers: tuple[Servers, LocalNode], nodes: tuple[LocalNode, LocalNode]
) -> None:
    ece, eca = nodes
    editor = Editor(ece)
    goes_on(editor, "first")
    assert told(ece, f"STREAM.INFO.{STREAM}")["config"]["num_replicas"] == 3
    settle(editor, eca)


@pytest.mark.parametrize("which", ["leader", "another", "leader again"])
def test_a_member_killed_amid_a_stream_of_changes_loses_nothing_and_all_go_on_by_themselves(
    servers: tuple[Servers, LocalNode], nodes: tuple[LocalNode, LocalNode], which: str
) -> None:
    cluster, (ece, eca) = servers[0], nodes
    until("three copies are in step", lambda: in_sync(ece), MENDED_SECONDS)
    at = leader(ece)
    killed = at if "leader" in which else next(name for name in cluster.folders if name != at)
    editor = Editor(ece)
    name = which.replace(" ", "-")
    with editing(editor, name):
        until("edits are under way", lambda: len(editor.said) > 10)
        cluster.kill(killed)
        count = len(editor.said)
        until("edits are taken all the same", lambda: len(editor.said) > count + 10)
    assert goes_on(editor, f"{name}-after") < MENDED_SECONDS
    cluster.start(killed)
    settle_with(editor, eca)
    assert weft("sync", "verify", eca.folder)[0] == 0


def test_without_any_member_edits_are_taken_and_travel_and_the_cluster_is_used_again_when_it_is_back(
    servers: tuple[Servers, LocalNode], nodes: tuple[LocalNode, LocalNode]
) -> None:
    cluster, (ece, eca) = servers[0], nodes
    cluster.kill()
    editor = Editor(ece)
    editor.put("no-cluster", "Without a broker")
    settle_with(editor, eca)
    cluster.start()
    goes_on(editor, "back")
    settle_with(editor, eca)


def settle_with(editor: Editor, reader: LocalNode) -> None:
    """Until the reader has all that this editor, and those before, had acknowledged."""
    shown = held(editor.node, "ece")
    assert set(editor.shown.items()) <= set(shown.items())
    until(f"{reader.name} has the same", lambda: held(reader, "ece") == shown, 60)

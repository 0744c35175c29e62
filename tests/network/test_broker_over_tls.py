"""A peer reads another node's broker over TLS when it shows the key that the node's descriptor names, and else not at all."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.network.streams import told
from tests.promises.desk import Editor, begin, made, running, settle
from weft import descriptor
from weft.demo.local import LocalNode
from weft.demo.visitor import until
from weft.nats import certificate
from weft.nats.certificate import first, pin_of

pytestmark = [pytest.mark.network, pytest.mark.timeout(120)]
Nodes = tuple[LocalNode, LocalNode]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """ECE's broker speaks TLS; no way leads to its feeds but the broker's and the gateway's."""
    ece, eca = made(tmp_path_factory.mktemp("tls"), "ece", "eca")
    shows(ece, ece.folder / "keys" / "nats")
    with running(ece, eca):
        yield ece, eca


def shows(node: LocalNode, folder: Path) -> None:
    """Have a node's broker show the certificate in this folder."""
    file = node.folder / "node.toml"
    kept = re.sub(r"nats_(certificate|key) = .*\n", "", file.read_text(encoding="utf-8"))
    lines = f'nats_certificate = "{folder}/tls.pem"\nnats_key = "{folder}/tls.key"\n'
    file.write_text(kept + lines, encoding="utf-8")


def said(node: LocalNode) -> descriptor.Descriptor:
    return descriptor.read(httpx.get(f"{node.url}/.well-known/weft").content)


def pin(folder: Path) -> str:
    return pin_of(first((folder / "tls.pem").read_bytes()))


def reading(origin: LocalNode, peer: str) -> bool:
    """Whether a peer's user is connected to an origin's broker."""
    return bool(told(origin, f"CONSUMER.INFO.catalog_network.{peer}").get("num_waiting"))


def test_the_descriptor_names_the_key_and_a_peer_reads_over_tls(nodes: Nodes) -> None:
    ece, eca = nodes
    assert said(ece).broker_key == pin(ece.folder / "keys" / "nats")
    assert said(eca).broker_key == ""
    editor = Editor(ece)
    editor.put("over-tls", "Over TLS")
    settle(editor, eca)
    until("ECA waits for messages at ECE's broker", lambda: reading(ece, "eca"), 30)


def test_a_broker_with_a_new_key_is_read_again_once_the_descriptor_names_it(nodes: Nodes, tmp_path: Path) -> None:
    ece, _ = nodes
    certificate.ensure(tmp_path)
    ece.stop()
    shows(ece, tmp_path)
    begin(ece)
    assert said(ece).broker_key == pin(tmp_path)
    until("ECA waits for messages at ECE's broker", lambda: reading(ece, "eca"), 90)

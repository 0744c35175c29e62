"""A file at two nodes: read from its owner, verified, kept, and gone when its document is; what was altered is refused."""

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.promises.desk import Editor, made, running, visitor
from weft.demo.local import LocalNode
from weft.demo.visitor import DOCUMENTS, until

pytestmark = pytest.mark.network
DATA = random.Random(6).randbytes(10 * 1024 * 1024).hex().encode()
"""20 MiB of text."""
MIB = 1024 * 1024
Two = tuple[LocalNode, LocalNode]


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    ece, eca = made(tmp_path_factory.mktemp("files"), "ece", "eca")
    with running(ece, eca):
        yield ece, eca


@pytest.fixture(scope="module")
def editor(nodes: Two) -> Editor:
    return Editor(nodes[0])


def send(editor: Editor, id_: str, data: bytes, name: str = "data.txt") -> None:
    """A file is in a document of the editor's node, and the document is at the other."""
    headers = {"If-Match": f'"{editor.acknowledged[id_]}"', "Content-Type": "text/plain"}
    answer = editor.http.put(f"{DOCUMENTS}/ece/{id_}/files/{name}", content=data, headers=headers, timeout=60)
    assert answer.is_success, answer.text
    editor.acknowledged[id_] = answer.headers["ETag"].strip('"')


def arrived(editor: Editor, id_: str, node: LocalNode) -> None:
    def holds() -> bool:
        answer = visitor(node, "editor").get(f"{DOCUMENTS}/ece/{id_}")
        return answer.is_success and answer.headers["ETag"] == f'"{editor.acknowledged[id_]}"'

    until(f"{node.name} has {id_}", holds)


def read(node: LocalNode, id_: str, name: str = "data.txt", role: str | None = None, **headers: str) -> httpx.Response:
    return visitor(node, role).get(f"{DOCUMENTS}/ece/{id_}/files/{name}", headers=headers, timeout=60)


def kept(node: LocalNode, data: bytes) -> list[Path]:
    """Where a node keeps these bytes."""
    sha256 = hashlib.sha256(data).hexdigest()
    return [path for path in (node.folder / "blobs").rglob("*") if path.name == sha256]


def test_a_file_is_read_at_a_peer_kept_there_and_gone_when_it_is_withdrawn(nodes: Two, editor: Editor) -> None:
    ece, eca = nodes
    editor.put("shared", "A document with data")
    send(editor, "shared", DATA)
    arrived(editor, "shared", eca)
    assert kept(eca, DATA) == []
    part = read(eca, "shared", Range=f"bytes={19 * MIB}-{19 * MIB + 9}")
    assert (part.status_code, part.content) == (206, DATA[19 * MIB : 19 * MIB + 10])
    assert read(eca, "shared").content == DATA
    until("ECA keeps it", lambda: len(kept(eca, DATA)) == 1)
    ece.kill()
    assert read(eca, "shared").content == DATA
    ece.start()
    ece.wait_ready()
    editor.put("shared", "A document with data", audience="local")
    until("ECA has lost the document", lambda: visitor(eca).get(f"{DOCUMENTS}/ece/shared").status_code == 404)
    assert read(eca, "shared").status_code == 404
    until("ECA has erased its bytes", lambda: kept(eca, DATA) == [])
    assert read(ece, "shared", role="editor").content == DATA


def test_a_file_for_one_peer_is_read_there_by_its_staff_alone(nodes: Two, editor: Editor) -> None:
    ece, eca = nodes
    data = b"for ECA alone\n" * 1000
    editor.put("restricted", "For ECA", audience=["eca"])
    send(editor, "restricted", data)
    arrived(editor, "restricted", eca)
    assert read(eca, "restricted").status_code == read(ece, "restricted").status_code == 404
    assert read(eca, "restricted", role="editor").content == data


def test_bytes_that_were_altered_at_their_owner_are_refused_and_not_kept(nodes: Two, editor: Editor) -> None:
    ece, eca = nodes
    data = b"what surveys show\n" * 100_000
    editor.put("altered", "Altered on the disk")
    send(editor, "altered", data)
    arrived(editor, "altered", eca)
    (file,) = kept(ece, data)
    file.write_bytes(data[:5] + b"X" + data[6:])
    answer = read(eca, "altered")
    assert (answer.status_code, answer.json()["code"]) == (502, "altered")
    assert kept(eca, data) == []
    file.write_bytes(data)
    assert read(eca, "altered").content == data


def test_while_the_owner_is_away_what_is_not_kept_is_not_to_be_had(nodes: Two, editor: Editor) -> None:
    ece, eca = nodes
    editor.put("away", "Not read in time")
    send(editor, "away", b"data\n")
    arrived(editor, "away", eca)
    ece.kill()
    answer = read(eca, "away")
    assert (answer.status_code, answer.json()["code"]) == (503, "owner-unreachable")
    assert int(answer.headers["Retry-After"]) > 0
    ece.start()
    ece.wait_ready()
    assert read(eca, "away").content == b"data\n"

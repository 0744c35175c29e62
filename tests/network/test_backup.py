"""A node that is lost and made again from its backup: on an empty machine, at another port, beside a peer that remembers."""

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.network.postgres import MISSING, Cluster, binaries
from tests.promises.desk import UNHURRIED, Editor, begin, feed_status, held, made, running, settle, status, weft
from weft.backup import keys
from weft.demo.local import LocalNode, free_ports
from weft.demo.visitor import until

FEED = "ece/catalog/network"
DATABASES = ("catalog", "indicators", "search", "sync", "gateway")
pytestmark = [pytest.mark.network, pytest.mark.timeout(240)]


@dataclass
class Safe:
    """Where a key and backups lie, away from every node."""

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.recipient = keys.create(self.folder / "key")
        self._numbers = count()

    def back_up(self, node: LocalNode) -> Path:
        file = self.folder / f"{next(self._numbers)}.backup"
        told = run(node, "backup", "create", node.folder, file, "--to", self.recipient)
        assert told["node"] == node.name
        return file

    def restore(self, file: Path, node: LocalNode, *more: str) -> dict[str, Any]:
        return run(node, "restore", file, node.folder, "--key", self.folder / "key", *more)


def run(node: LocalNode, *arguments: str | Path) -> dict[str, Any]:
    """A `weft` command on a node's machine."""
    environment = {name: value for name, value in node.environment.items() if name.startswith("WEFT_DATABASE")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        code, told = weft(*arguments)
    assert code == 0, told
    return told


def machine(folder: Path, name: str, **environment: str) -> LocalNode:
    """An empty one."""
    return LocalNode(name, folder, environment={**UNHURRIED, **environment})


def moved(node: LocalNode) -> None:
    """Another machine has other ports: what an operator edits in node.toml."""
    file = node.folder / "node.toml"
    port, nats_port = free_ports(2)
    text = re.sub(r"^port = \d+$", f"port = {port}", file.read_text(), flags=re.MULTILINE)
    file.write_text(re.sub(r"^nats_port = \d+$", f"nats_port = {nats_port}", text, flags=re.MULTILINE))


def lost(node: LocalNode) -> None:
    node.kill()
    shutil.rmtree(node.folder)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    programs = binaries()
    if programs is None:
        pytest.skip(MISSING)
    made_ = Cluster(programs)
    try:
        made_.start()
        for site in ("old", "new"):
            made_.create(*(f"{site}_{name}" for name in DATABASES))
        yield made_
    finally:
        made_.remove()


def environment_of(request: pytest.FixtureRequest, engine: str, site: str) -> dict[str, str]:
    if engine == "sqlite":
        return {}
    cluster: Cluster = request.getfixturevalue("cluster")
    return {"WEFT_DATABASE_URL": cluster.url(f"{site}_{{service}}")}


@pytest.mark.parametrize(
    ("before", "after"), [("sqlite", "sqlite"), ("postgresql", "sqlite"), ("sqlite", "postgresql")]
)
def test_restored_on_an_empty_machine_it_rejoins_and_all_copies_are_equal(
    request: pytest.FixtureRequest, tmp_path: Path, before: str, after: str
) -> None:
    safe = Safe(tmp_path / "safe")
    ece, eca = made(tmp_path, "ece", "eca")
    ece.environment |= environment_of(request, before, "old")
    anew = machine(tmp_path / "anew", "ece", **environment_of(request, after, "new"))
    with running(ece, eca):
        ours, theirs = Editor(ece), Editor(eca)
        for editor in (ours, theirs):
            for at in range(5):
                editor.put(f"record-{at}", f"Record {at}")
            editor.put("record-0", "Revised")
            editor.delete("record-1")
        ours.put("draft", "For us alone", status="draft", audience="local")
        settle(theirs, ece)
        until("ECA has all but the draft", lambda: len(held(eca, "ece")) == len(ours.shown) - 1)
        file = safe.back_up(ece)
        lost(ece)
        theirs.put("meanwhile", "Written while ECE was lost")
        assert safe.restore(file, anew, "--check")["restored"] is False
        assert not anew.folder.exists()
        told = safe.restore(file, anew)
        assert told["heads"][FEED]["records"] == 4
        moved(anew)
        try:
            begin(anew)
            again = Editor(anew, dict(ours.acknowledged))
            assert held(anew, "ece") == again.shown
            settle(theirs, anew)
            until("ECA has heard of the new address and its copies are equal", lambda: bool(status(eca)["equal"]))
            again.put("record-0", "Revised after the restore")
            again.put("after", "New after the restore")
            until("ECA has what came after", lambda: held(eca, "ece") == _public(again))
            for node in (anew, eca):
                assert run(node, "sync", "verify", node.folder)["equal"] is True
            assert run(anew, "search", "verify", anew.folder)["equal"] is True
            assert bool(list(anew.folder.glob("*.db"))) is (after == "sqlite")
        finally:
            anew.kill()


def _public(editor: Editor) -> dict[str, str]:
    return {id_: version for id_, version in editor.shown.items() if id_ != "draft"}


def test_what_was_sealed_after_the_backup_is_kept_by_the_peer_and_the_difference_is_shown(tmp_path: Path) -> None:
    safe = Safe(tmp_path / "safe")
    ece, eca = made(tmp_path, "ece", "eca")
    anew = machine(tmp_path / "anew", "ece")
    with running(ece, eca):
        ours = Editor(ece)
        ours.put("first", "In the backup")
        settle(ours, eca)
        file = safe.back_up(ece)
        backed_up = dict(ours.acknowledged)
        ours.put("second", "After the backup")
        settle(ours, eca)
        known = held(eca, "ece")
        lost(ece)
        safe.restore(file, anew)
        moved(anew)
        try:
            begin(anew)
            assert held(anew, "ece") == backed_up
            Editor(anew, backed_up).put("third", "After the restore")
            until("ECA says so", lambda: feed_status(eca, FEED)["state"] == "desynchronised", 60)
            assert feed_status(eca, FEED)["why"].startswith("beyond")
            code, told = weft("sync", "status", eca.folder)
            assert (code, told["equal"]) == (1, False)
            assert held(eca, "ece") == known, "the last good state stays"
            assert "beyond" in {refusal["code"] for refusal in told["refusals"]}
        finally:
            anew.kill()


def test_a_backup_taken_while_an_editor_writes_holds_a_prefix_of_what_was_acknowledged(tmp_path: Path) -> None:
    safe = Safe(tmp_path / "safe")
    (ece,) = made(tmp_path, "ece")
    anew = machine(tmp_path / "anew", "ece")
    with running(ece):
        writer = Writer(Editor(ece))
        with writer.writing():
            until("there is much to keep", lambda: len(writer.edits) >= 60)
            before = len(writer.edits)
            file = safe.back_up(ece)
            after = len(writer.edits)
            until("the writer went on", lambda: len(writer.edits) > after)
        lost(ece)
        assert after > before, "nothing was written while the backup was taken"
        told = safe.restore(file, anew)
        moved(anew)
        try:
            begin(anew)
            kept = held(anew, "ece")
            states = [dict(writer.edits[:edits]) for edits in range(before, len(writer.edits) + 1)]
            assert kept in states
            _, checked = weft("search", "verify", anew.folder)
            assert checked["equal"] is True
            assert told["heads"][FEED]["records"] <= len(kept)
        finally:
            anew.kill()


class Writer:
    """Creates and revises a few documents, one edit after the other, and remembers the order of what was acknowledged."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._ended = threading.Event()
        self.edits: list[tuple[str, str]] = []

    def _edit(self) -> None:
        for at in count():
            if self._ended.is_set():
                return
            id_ = f"loop-{at % 7}"
            try:
                self._editor.put(id_, f"Edit {at}")
            except httpx.HTTPError:
                return
            self.edits.append((id_, str(self._editor.acknowledged[id_])))

    @contextmanager
    def writing(self) -> Iterator[None]:
        thread = threading.Thread(target=self._edit)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

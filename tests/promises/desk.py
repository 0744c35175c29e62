"""What the promises are tried with: real nodes side by side, and an editor who remembers what was acknowledged."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tests import databases
from weft.cli.client import NodeClient
from weft.demo.five import http
from weft.demo.local import LocalNode, pair
from weft.demo.visitor import DOCUMENTS, brief, expect, until

UNHURRIED = {"WEFT_REQUESTS_PER_MINUTE": "1000000", "WEFT_WRITES_PER_MINUTE": "1000000"}
"""Tests look often; that must not count as abuse."""


def made(folder: Path, *names: str) -> list[LocalNode]:
    """Nodes that are there and do not run yet."""
    nodes = [
        LocalNode(name, folder / name, environment=dict(UNHURRIED), settings=databases.of_node()) for name in names
    ]
    for node in nodes:
        node.make()
    return nodes


def begin(*nodes: LocalNode) -> None:
    """Start nodes at once, and wait until all are ready."""
    for node in nodes:
        node.start()
    for node in nodes:
        node.wait_ready()


@contextmanager
def running(*nodes: LocalNode) -> Iterator[None]:
    """Nodes that run and have approved each other."""
    try:
        begin(*nodes)
        pair(list(nodes))
        yield
    finally:
        for node in nodes:
            node.kill()


@cache
def _client(folder: Path, name: str, role: str | None) -> httpx.Client:
    return http(LocalNode(name, folder), role)


def visitor(node: LocalNode, role: str | None = None) -> httpx.Client:
    """Somebody at a node's public API, with a key of a role or none: always the same client, since making one is dear."""
    return _client(node.folder, node.name, role)


@cache
def _operator(folder: Path) -> NodeClient:
    return NodeClient(folder)


def document(title: str, **fields: object) -> dict[str, object]:
    return brief(title=title, language="en", **fields)


class Seen(NamedTuple):
    """A document as it was acknowledged, or is shown."""

    id: str
    version: str
    title: str


@dataclass
class Editor:
    """Edits a node's documents, and keeps the version that was acknowledged of each; None once it was deleted."""

    node: LocalNode
    acknowledged: dict[str, str | None] = field(default_factory=dict)
    said: set["Seen"] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.http = visitor(self.node, "editor")

    def send(self, id_: str, title: str, **fields: object) -> httpx.Response:
        """Create or revise; the answer is the caller's to judge."""
        known = self.acknowledged.get(id_)
        headers = {"If-Match": f'"{known}"'} if known else {}
        answer = self.http.put(f"{DOCUMENTS}/{self.node.name}/{id_}", json=document(title, **fields), headers=headers)
        if answer.is_success:
            self.acknowledged[id_] = version = answer.headers["ETag"].strip('"')
            self.said.add(Seen(id_, version, title))
        return answer

    def put(self, id_: str, title: str, **fields: object) -> None:
        expect(self.send(id_, title, **fields))

    def delete(self, id_: str) -> None:
        headers = {"If-Match": f'"{self.acknowledged[id_]}"'}
        expect(self.http.delete(f"{DOCUMENTS}/{self.node.name}/{id_}", headers=headers))
        self.acknowledged[id_] = None

    @property
    def shown(self) -> dict[str, str]:
        """What has to be shown: id and version."""
        return {id_: version for id_, version in self.acknowledged.items() if version}


@contextmanager
def repeated(once: Callable[[int], None], *, ended_by: type[Exception]) -> Iterator[None]:
    """Somebody who does something again and again, told how often it was done, until the end or until it fails so."""
    ended = threading.Event()

    def work() -> None:
        at = 0
        while not ended.is_set():
            try:
                once(at)
            except ended_by:
                return
            at += 1

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def editing(editor: Editor, name: str, documents: int = 10) -> Iterator[None]:
    """Somebody who goes on creating and revising some documents, one edit after the other, until the end.

    An edit that the node did not answer, since it was killed, ends it: whether it holds, nobody was told.
    """

    def edit(at: int) -> None:
        editor.put(f"{name}-{at % documents}", f"{name}, edit {at}")

    with repeated(edit, ended_by=httpx.HTTPError):
        yield


def seen(node: LocalNode, origin: str, role: str | None = "editor") -> set[Seen]:
    """Every document of an origin that a node shows."""
    found: set[Seen] = set()
    client, path = visitor(node, role), f"{DOCUMENTS}?origin={origin}&limit=100"
    while path:
        page = expect(client.get(path))
        found |= {Seen(item["key"].split("/")[2], item["version"], item["title"]) for item in page.json()["items"]}
        path = page.links.get("next", {}).get("url", "")
    return found


def held(node: LocalNode, origin: str) -> dict[str, str]:
    """Id and version of every document of an origin that a node shows its editors."""
    return {item.id: item.version for item in seen(node, origin)}


def found(node: LocalNode, words: str, id_: str, role: str | None = None) -> bool:
    """Whether a search finds a document of ECE."""
    answer = expect(visitor(node, role).get("/api/v1/search", params={"q": words, "limit": 100}))
    return f"ece/document/{id_}" in {item["key"] for item in answer.json()["items"]}


def status(node: LocalNode) -> dict[str, Any]:
    told: dict[str, Any] = _operator(node.folder).get("/api/v1/sync/status")
    return told


def feed_status(node: LocalNode, feed: str) -> dict[str, Any]:
    return next(item for item in status(node)["feeds"] if item["feed"] == feed)


def arrived(editor: Editor, reader: LocalNode) -> bool:
    """Whether a reader shows exactly what was acknowledged, and says that its copies are equal."""
    return held(reader, editor.node.name) == editor.shown and bool(status(reader)["equal"])


def settle(editor: Editor, *readers: LocalNode, seconds: float = 30) -> None:
    for reader in readers:
        until(f"{reader.name} has what {editor.node.name} acknowledged", lambda: arrived(editor, reader), seconds)  # noqa: B023


def weft(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    """Run a `weft` command that answers in JSON: its exit code, and what it said."""
    command = [sys.executable, "-m", "weft", *map(str, arguments), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)

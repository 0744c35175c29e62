"""Where a test's index is: in a folder for tantivy, or at a real Elasticsearch under a node's name of its own."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest
from elasticsearch import Elasticsearch

from services.search.engine.elasticsearch.engine import ElasticsearchEngine
from services.search.engine.elasticsearch.server import Address
from services.search.engine.interface import Engine
from services.search.engine.tantivy import TantivyEngine

ENGINES = ("tantivy", "elasticsearch")
SERVER = os.environ.get("WEFT_TEST_ELASTICSEARCH", "")


class Place(Protocol):
    """`spec` is how another process finds it by `at`."""

    spec: str

    def open(self) -> Engine:
        """The engine, as a process that starts opens it."""

    def begin(self) -> Engine:
        """The engine, with an index that may be written to."""

    def another(self) -> "Place":
        """A place of the same kind, with nothing in it."""

    def indexes(self) -> int:
        """How many indexes there are, the current one included."""

    def lose(self) -> None:
        """Take all of it away, as nobody should."""

    def clear(self) -> None:
        """Leave nothing behind."""


class Folder:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.spec = str(root)

    def open(self) -> TantivyEngine:
        return TantivyEngine(self.root)

    begin = open

    def another(self) -> "Folder":
        return Folder(self.root.with_name(f"index{secrets.token_hex(4)}"))

    def indexes(self) -> int:
        return len(list(self.root.glob("index-*")))

    def lose(self) -> None:
        self.root.rename(self.root.with_name(f"lost{secrets.token_hex(4)}"))

    def clear(self) -> None:
        return


class Server:
    def __init__(self, url: str, node: str = "") -> None:
        self.url = url
        self.node = node or f"t{secrets.token_hex(8)}"
        self.spec = f"{url} {self.node}"
        self.client = Elasticsearch(url)
        self.alias = f"weft-{self.node}-documents"

    def open(self) -> ElasticsearchEngine:
        return ElasticsearchEngine(Address(urls=self.url), self.node)

    def begin(self) -> ElasticsearchEngine:
        engine = self.open()
        engine.replace([])
        return engine

    def another(self) -> "Server":
        return Server(self.url)

    def names(self) -> list[str]:
        return list(self.client.indices.get(index=f"{self.alias}-*"))

    def indexes(self) -> int:
        return len(self.names())

    def lose(self) -> None:
        for name in self.names():
            self.client.indices.delete(index=name)

    def clear(self) -> None:
        self.lose()
        self.client.close()


def at(spec: str) -> Place:
    """The place that another process has."""
    url, _, node = spec.partition(" ")
    return Server(url, node) if node else Folder(Path(spec))


def place(engine: str, folder: Path) -> Iterator[Place]:
    """A place for a test, of which nothing stays."""
    if engine == "elasticsearch" and not SERVER:
        pytest.skip("WEFT_TEST_ELASTICSEARCH is not the URL of an Elasticsearch 9")
    made: Place = Server(SERVER) if engine == "elasticsearch" else Folder(folder / "index")
    yield made
    made.clear()

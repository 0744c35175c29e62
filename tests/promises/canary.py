"""Where a word is that should be nowhere: on a node's disk, in its databases, in its broker's store, in its answers."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import MetaData

from tests import databases
from tests.promises.desk import visitor
from weft.demo.local import LocalNode
from weft.protocol import frames
from weft.protocol.refusals import Refusal

ROLES = (None, "reader", "editor")


def canary() -> str:
    """A word that nobody else uses."""
    return f"canary{secrets.token_hex(12)}"


def on_disk(node: LocalNode, word: str) -> set[str]:
    """Files of a node with the word in their bytes: databases, their write-ahead logs, index, broker's store, logs."""
    raw = word.encode()
    return {file.relative_to(node.folder).parts[0] for file in _files(node.folder) if raw in _bytes(file)}


def kept(node: LocalNode, word: str) -> set[str]:
    """Services of a node with the word in a row of their databases: free pages and write-ahead logs are left aside."""
    return {service for service in databases.SERVICES if any(word in value for value in _values(node, service))}


def _values(node: LocalNode, service: str) -> Iterator[str]:
    with databases.opened(node, service) as database, database.reading() as session:
        held = MetaData()
        held.reflect(session.connection())
        for table in held.sorted_tables:
            for row in session.connection().execute(table.select()):
                yield from (value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row)


def published(node: LocalNode, word: str) -> set[str]:
    """Streams of a node's broker with the word in a commit, as the bytes of its files say."""
    store = node.folder / "nats" / "store"
    return {
        file.parent.parent.name for file in store.rglob("*.blk") if word.encode() in b"".join(_bodies(_bytes(file)))
    }


def answered(node: LocalNode, id_: str, word: str, role: str | None) -> set[str]:
    """Addresses of a node whose answers tell the word to somebody with this role."""
    addresses = {
        f"/api/v1/documents/ece/{id_}",
        "/api/v1/documents?limit=100",
        "/api/v1/documents?limit=100&origin=ece",
        f"/api/v1/search?q={word}",
        f"/api/v1/search/suggest?q={word[:12]}",
    }
    said = {address: visitor(node, role).get(address).text.replace(address, "") for address in addresses}
    return {address.partition("?")[0].removesuffix(f"/ece/{id_}") for address, text in said.items() if word in text}


def told(node: LocalNode, id_: str, word: str) -> set[str]:
    """What a node's answers tell of the word to anybody."""
    return set().union(*(answered(node, id_, word, role) for role in ROLES))


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file())


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError:  # the index and the broker tidy up while we look
        return b""


def _bodies(raw: bytes) -> Iterator[bytes]:
    """The bodies of every commit that stands somewhere in these bytes."""
    at = raw.find(frames.MAGIC)
    while at >= 0:
        try:
            size = frames.needed(raw[at : at + frames.FRAME_BYTES]) or 0
            yield from (body.data for body in frames.unpack(frames.parse(raw[at : at + size]).payload).values())
        except Refusal:  # not the beginning of a whole frame: what was erased is overwritten
            pass
        at = raw.find(frames.MAGIC, at + 1)

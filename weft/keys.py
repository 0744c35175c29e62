"""A node's keys: one for each purpose, each in a file that only its owner can read. Its broker's: weft.nats.trust."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from weft.nats import certificate
from weft.nats.keys import USER, Key
from weft.nats.trust import Trust
from weft.protocol.signing import SigningKey, VerifyKey


class NoNode(Exception):
    """The folder holds no node yet."""


@dataclass(frozen=True)
class NodeKeys:
    """`identity` signs for the node, `internal` seeds the passports inside it, `reader` is its user at peers' brokers."""

    identity: SigningKey
    internal: bytes
    reader: Key
    recovery_hash: str
    trust: Trust

    @property
    def verifying(self) -> dict[str, VerifyKey]:
        """The node's identity as those who check its signatures need it."""
        return {self.identity.public.fingerprint: self.identity.public}

    @classmethod
    def open(cls, folder: Path) -> Self:
        """The keys that `create` made.

        Raises:
            NoNode: there are none.
        """
        keys = folder / "keys"
        if not (keys / "identity.seed").exists():
            raise NoNode(f"{folder} holds no node; make one with: weft init {folder} --node NAME")
        return cls(
            identity=SigningKey(bytes.fromhex((keys / "identity.seed").read_text().strip())),
            internal=bytes.fromhex((keys / "internal.seed").read_text().strip()),
            reader=Key.read(keys / "reader.seed"),
            recovery_hash=(keys / "recovery.hash").read_text().strip(),
            trust=Trust.open(keys / "nats"),
        )


class Created(NamedTuple):
    keys: NodeKeys
    recovery_key: str


def create(folder: Path) -> Created:
    """Make all keys of a new node. The recovery key is returned once and only its hash is kept (DESIGN, section 5)."""
    keys = folder / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    recovery = SigningKey(seed := secrets.token_bytes(32))
    _write(keys / "internal.seed", secrets.token_hex(32))
    _write(keys / "recovery.hash", hashlib.sha256(b"weft/recovery/v1\0" + recovery.public.raw).hexdigest())
    if not (keys / "nats" / "operator.seed").exists():
        Trust.create(keys / "nats")
    certificate.ensure(keys / "nats")
    if not (keys / "reader.seed").exists():
        Key.create(USER).write(keys / "reader.seed")
    _write(keys / "identity.seed", secrets.token_hex(32))  # last: where it stands, the others do too
    return Created(NodeKeys.open(folder), seed.hex())


def _write(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        out.write(text + "\n")
        out.flush()
        os.fsync(out.fileno())

"""NATS keys (nkeys) and credentials made of them. For NATS only: a client signs any nonce that a server sends."""

import base64
import binascii
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import nkeys

OPERATOR: int = nkeys.PREFIX_BYTE_OPERATOR
ACCOUNT: int = nkeys.PREFIX_BYTE_ACCOUNT
USER: int = nkeys.PREFIX_BYTE_USER
PUBLIC_LENGTH = 56


class Exposed(Exception):
    """A seed file that others than its owner can read."""


@dataclass(frozen=True)
class Key:
    """A private NATS key; its seed never appears in a representation."""

    public: str
    seed: bytes = field(repr=False)

    @classmethod
    def create(cls, kind: int) -> Self:
        return cls.of(nkeys.encode_seed(secrets.token_bytes(32), kind))

    @classmethod
    def of(cls, seed: bytes) -> Self:
        return cls(nkeys.from_seed(bytearray(seed)).public_key.decode(), bytes(seed))

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a seed file.

        Raises:
            Exposed: others than the owner may read it.
        """
        if file.stat().st_mode & 0o077:
            raise Exposed(f"{file} can be read by others. Replace the key, or run: chmod 600 {file}")
        return cls.of(file.read_bytes().strip())

    def write(self, file: Path) -> None:
        """Write the seed to a new file that only its owner can read."""
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(self.seed + b"\n")
            out.flush()
            os.fsync(out.fileno())

    def sign(self, message: bytes) -> bytes:
        signature: bytes = nkeys.from_seed(bytearray(self.seed)).sign(message)
        return signature


@dataclass(frozen=True)
class Credentials:
    """What a connection shows to a server: a user's token and the key that the token names."""

    jwt: str
    key: Key

    def user_jwt(self) -> bytearray:
        return bytearray(self.jwt.encode())

    def signature(self, nonce: str) -> bytes:
        return base64.b64encode(self.key.sign(nonce.encode()))


def valid_user(public: str) -> str:
    """The public key of a NATS user, checked; it comes from a peer.

    Raises:
        ValueError: not a user's public key.
    """
    try:
        raw = base64.b32decode(public) if len(public) == PUBLIC_LENGTH else b""
    except (binascii.Error, ValueError):
        raw = b""
    checksum: Callable[[bytes], bytes] = nkeys.crc16_checksum
    if len(raw) != 35 or raw[0] != USER or checksum(raw[:-2]) != raw[-2:]:
        raise ValueError("not the public key of a NATS user (U…, 56 characters)")
    return public

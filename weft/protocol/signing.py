"""Signatures that mean one thing: every one covers `weft/<purpose>/v1\\0` and the bytes."""

import hashlib
import re
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from weft.protocol.refusals import BadSignature, Malformed

SIGNATURE_BYTES = 64
_hex = re.compile("[0-9a-f]{64}")


def _covered(purpose: str, statement: bytes) -> bytes:
    return b"weft/" + purpose.encode() + b"/v1\0" + statement


class VerifyKey:
    """The public half of an Ed25519 key. Its fingerprint is how statements and people name it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._key = Ed25519PublicKey.from_public_bytes(raw)
        self.fingerprint = hashlib.sha256(b"weft/key/v1\0" + raw).hexdigest()[:32]

    @classmethod
    def from_hex(cls, text: str) -> Self:
        if not _hex.fullmatch(text):
            raise Malformed(f"a public key is 64 lower-case hexadecimal digits, not {text[:80]!r}")
        return cls(bytes.fromhex(text))

    def signed(self, purpose: str, statement: bytes, signature: bytes) -> bool:
        """Whether this key signed the statement for the purpose."""
        try:
            self._key.verify(signature, _covered(purpose, statement))
        except InvalidSignature:
            return False
        return True

    def verify(self, purpose: str, statement: bytes, signature: bytes) -> None:
        """Raise `BadSignature` unless this key signed the statement for the purpose."""
        if not self.signed(purpose, statement, signature):
            raise BadSignature(f"the signature is not by {self.fingerprint} for {purpose}")


class SigningKey:
    """The private half, made from 32 random bytes that the caller provides."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = VerifyKey(self._key.public_key().public_bytes_raw())

    def sign(self, purpose: str, statement: bytes) -> bytes:
        return self._key.sign(_covered(purpose, statement))

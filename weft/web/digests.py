"""Digests of what is sent, RFC 9530: SHA-256 is read and told, other algorithms are left aside."""

import re
from base64 import b64decode, b64encode
from binascii import Error

from starlette.datastructures import Headers

from weft.problems import Malformed, Problem

FIELDS = ("Content-Digest", "Repr-Digest")
"""One and the same here: what is sent is sent whole and in no coding."""
_member = re.compile(r"[ \t]*([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):[ \t]*")


class DigestMismatch(Problem):
    status, code, title = 422, "digest-mismatch", "What came is not what was sent"
    hint = "Nothing was kept. Send it again; if it goes on, see whether the digest is of the bytes as they are sent."


def expected(headers: Headers) -> frozenset[str]:
    """The SHA-256 that the sender says, in hexadecimal; more than one when they contradict each other.

    Raises:
        Malformed: a field cannot be read.
    """
    found = set()
    for field in FIELDS:
        for member in ",".join(headers.getlist(field)).split(",") if field in headers else ():
            read = _member.fullmatch(member)
            try:
                if read is None:
                    raise Error
                value = b64decode(read[2], validate=True)
            except Error:
                raise Malformed(f"{field} is written like: sha-256=:base64:") from None
            if read[1] == "sha-256":
                found.add(value.hex())
    return frozenset(found)


def check(said: frozenset[str], sha256: str) -> None:
    """Let bytes pass that are what their sender says.

    Raises:
        DigestMismatch: they are not.
    """
    if said - {sha256}:
        raise DigestMismatch(f"the SHA-256 of what came is {sha256}")


def told(sha256: str) -> str:
    """A digest as a field tells it."""
    return f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:"

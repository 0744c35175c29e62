"""The descriptor: what a node says of itself to anybody, signed by its identity. Believing it is a person's decision."""

from typing import Annotated, Literal

import httpx
import msgspec
from msgspec import Meta

from weft.problems import Problem
from weft.protocol.names import NAME, participant
from weft.protocol.refusals import Malformed, Refusal
from weft.protocol.signing import SigningKey, VerifyKey
from weft.tls import trusted

DESCRIPTOR = "descriptor"
DESCRIPTOR_BYTES = 64 * 1024
Url = Annotated[str, Meta(pattern=r"\Ahttps?://[^\s/?#]+[^\s?#]*\Z", max_length=500)]
PublicKey = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]


class Descriptor(msgspec.Struct, frozen=True):
    """`identity`: the Ed25519 key, in hexadecimal, that signs everything of this node. A name binds to it at approval.

    `broker_key`: the SHA-256 of the key that its broker shows in TLS; empty: it is not reached from other machines.
    """

    format: Literal[1]
    node: Annotated[str, Meta(pattern=rf"\A{NAME}\Z")]
    title: Annotated[str, Meta(max_length=200)]
    url: Url
    identity: PublicKey
    recovery_hash: PublicKey
    nats_user: Annotated[str, Meta(pattern=r"\AU[A-Z2-7]{55}\Z")]
    software: Annotated[str, Meta(max_length=50)]
    feeds: Annotated[list[str], Meta(max_length=50)]
    broker_key: Annotated[str, Meta(pattern=r"\A([0-9a-f]{64})?\Z")] = ""

    @property
    def key(self) -> VerifyKey:
        return VerifyKey.from_hex(self.identity)


class Signed(msgspec.Struct, frozen=True):
    """`statement` is the exact JSON text that was signed."""

    statement: Annotated[str, Meta(max_length=DESCRIPTOR_BYTES)]
    signature: Annotated[str, Meta(pattern=r"\A[0-9a-f]{128}\Z")]


def sign(descriptor: Descriptor, key: SigningKey) -> Signed:
    raw = msgspec.json.encode(descriptor)
    return Signed(raw.decode(), key.sign(DESCRIPTOR, raw).hex())


def read(raw: bytes) -> Descriptor:
    """A descriptor that is signed by the identity it names.

    Raises:
        Malformed, BadSignature: it is not one.
    """
    if len(raw) > 2 * DESCRIPTOR_BYTES:
        raise Malformed("a descriptor is at most 64 KiB")
    try:
        signed = msgspec.json.decode(raw, type=Signed)
        descriptor = msgspec.json.decode(signed.statement.encode(), type=Descriptor)
        descriptor.key.verify(DESCRIPTOR, signed.statement.encode(), bytes.fromhex(signed.signature))
    except (msgspec.DecodeError, ValueError) as error:
        raise Malformed(f"not a descriptor: {error}") from None
    participant(descriptor.node)
    return descriptor


class NoDescriptor(Problem):
    status, code, title = 502, "no-descriptor", "There is no node at that address"
    hint = "Check the address of the other node's gateway, and that it can be reached from here."


async def fetch(url: str) -> Descriptor:
    """Ask a node what it says of itself.

    Raises:
        NoDescriptor: nothing that is a descriptor came from there.
    """
    try:
        asked = httpx.AsyncClient(timeout=10, verify=trusted())
        async with asked as client, client.stream("GET", f"{url}/.well-known/weft") as answer:
            answer.raise_for_status()
            raw = b""
            async for part in answer.aiter_bytes():
                raw += part
                if len(raw) > 2 * DESCRIPTOR_BYTES:
                    break
        return read(raw)
    except (httpx.HTTPError, httpx.InvalidURL, Refusal) as error:
        raise NoDescriptor(f"{url}: {type(error).__name__} {error}"[:300]) from None

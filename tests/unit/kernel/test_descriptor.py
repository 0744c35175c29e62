"""Descriptors: what a node says of itself is believed only with the signature of the identity it names."""

import msgspec
import pytest

from weft import descriptor
from weft.descriptor import Descriptor
from weft.nats.keys import USER, Key
from weft.protocol.refusals import Unauthentic
from weft.protocol.signing import SigningKey

KEY, OTHER = SigningKey(b"1" * 32), SigningKey(b"2" * 32)


def said(**fields: object) -> Descriptor:
    given = {
        "format": 1,
        "node": "eca",
        "title": "ECA",
        "url": "https://weft.eca.example",
        "identity": KEY.public.raw.hex(),
        "recovery_hash": "0" * 64,
        "nats_user": Key.create(USER).public,
        "software": "weft 0.1.0",
        "feeds": ["eca/catalog/network"],
        **fields,
    }
    return Descriptor(**given)


def raw(said_: Descriptor, key: SigningKey = KEY) -> bytes:
    return msgspec.json.encode(descriptor.sign(said_, key))


def test_a_signed_descriptor_reads_as_it_was_said():
    made = said()
    assert descriptor.read(raw(made)) == made


@pytest.mark.parametrize(
    "bad",
    [
        raw(said(), OTHER),
        raw(said(node="network")),
        raw(said(node="local")),
        raw(said(node="../eca")),
        raw(said(url="javascript:alert(1)")),
        raw(said(identity="00" * 31)),
        raw(said(nats_user="SU" + "A" * 54)),
        raw(said()).replace(b"ECA", b"ECB"),
        b"{}",
        b"null",
        b"\xff" * 10,
        b"x" * (2 * descriptor.DESCRIPTOR_BYTES + 1),
    ],
)
def test_anything_else_is_refused(bad):
    with pytest.raises(Unauthentic):
        descriptor.read(bad)


async def test_an_address_without_a_node_is_a_problem_that_says_so():
    with pytest.raises(descriptor.NoDescriptor):
        await descriptor.fetch("http://127.0.0.1:9")

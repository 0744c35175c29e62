"""Signing: a signature means one thing, and a key has one text form."""

import pytest

from tests.unit.protocol.build import KEY
from weft.protocol.refusals import BadSignature, Malformed
from weft.protocol.signing import SigningKey, VerifyKey

OTHER = SigningKey(bytes(32))


def test_a_key_verifies_what_it_signed_for_the_purpose():
    signature = KEY.sign("commit", b"statement")
    VerifyKey.from_hex(KEY.public.raw.hex()).verify("commit", b"statement", signature)
    assert KEY.public.signed("commit", b"statement", signature)


@pytest.mark.parametrize(
    ("purpose", "statement", "key"),
    [
        ("head", b"statement", KEY),
        ("commi", b"t/v1\0statement", KEY),
        ("commit", b"statement ", KEY),
        ("commit", b"", KEY),
        ("commit", b"statement", OTHER),
    ],
)
def test_a_signature_for_another_purpose_statement_or_key_is_bad(purpose, statement, key):
    signature = KEY.sign("commit", b"statement")
    with pytest.raises(BadSignature):
        key.public.verify(purpose, statement, signature)


def test_a_signature_has_one_form():
    signature = KEY.sign("commit", b"statement")
    order = 2**252 + 27742317777372353535851937790883648493
    shifted = int.from_bytes(signature[32:], "little") + order
    for other in (b"", signature[:-1], signature + b"\0", signature[:32] + shifted.to_bytes(32, "little")):
        assert not KEY.public.signed("commit", b"statement", other)


@pytest.mark.parametrize("text", ["", "ab" * 31, "ab" * 33, "AB" * 32, "ab " * 32, "ab" * 32 + "\n", "zz" * 32])
def test_a_key_in_another_spelling_is_malformed(text):
    with pytest.raises(Malformed):
        VerifyKey.from_hex(text)


def test_fingerprints_tell_keys_apart_and_are_not_the_hash_of_the_bare_key():
    assert KEY.public.fingerprint != OTHER.public.fingerprint
    assert len(KEY.public.fingerprint) == 32

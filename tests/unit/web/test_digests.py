"""Digest fields: SHA-256 counts, other algorithms do not, and what cannot be read is refused."""

import hashlib

import pytest
from starlette.datastructures import Headers

from weft.problems import Malformed
from weft.web.digests import DigestMismatch, check, expected, told

DATA = b"a brief"
SHA256 = hashlib.sha256(DATA).hexdigest()
OTHER = "sha-512=:YWJj:"


@pytest.mark.parametrize("field", ["Content-Digest", "repr-digest"])
@pytest.mark.parametrize("value", [told(SHA256), f"{OTHER}, {told(SHA256)}", f"{told(SHA256)},{OTHER}"])
def test_a_digest_that_is_right_passes(field: str, value: str) -> None:
    said = expected(Headers({field: value}))
    assert said == {SHA256}
    check(said, SHA256)


def test_without_a_digest_of_ours_anything_passes() -> None:
    check(expected(Headers({})), SHA256)
    check(expected(Headers({"Content-Digest": OTHER})), SHA256)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Digest": told("00" * 32)},
        {"Content-Digest": "sha-256=:YWJj:"},
        {"Content-Digest": told(SHA256), "Repr-Digest": told("00" * 32)},
    ],
)
def test_a_digest_that_is_wrong_does_not_pass(headers: dict[str, str]) -> None:
    with pytest.raises(DigestMismatch):
        check(expected(Headers(headers)), SHA256)


@pytest.mark.parametrize("value", ["", SHA256, f"sha-256={SHA256}", "sha-256=:not base64!:", "sha-256=:YWJ:", "a;b"])
def test_a_digest_that_cannot_be_read_is_malformed(value: str) -> None:
    with pytest.raises(Malformed):
        expected(Headers({"Content-Digest": value}))

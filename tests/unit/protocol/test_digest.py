"""Digests: they ignore order, adding and removing are inverses, and a difference shows in its bucket."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.protocol.digest import BUCKETS, Digest, bucket_of

records = st.tuples(
    st.sampled_from(["document", "series"]),
    st.integers(0, 400).map(str),
    st.integers(1, 9).map("1.0000000a.{}".format),
    st.sampled_from(["a" * 64, "b" * 64]),
)


def digest_of(items: list[tuple[str, str, str, str]]) -> Digest:
    digest = Digest()
    for item in items:
        digest.add(*item)
    return digest


@given(st.lists(records).flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_order_does_not_matter(both):
    one, other = both
    assert digest_of(one) == digest_of(other)
    assert digest_of(one).hex == digest_of(other).hex
    assert digest_of(one).differing(digest_of(other)) == []


@given(st.lists(records), st.lists(records))
def test_adding_and_removing_are_inverses(kept, passing):
    digest = digest_of(kept)
    for item in passing:
        digest.remove(*item)
    for item in reversed(passing):
        digest.add(*item)
    assert digest == digest_of(kept)
    assert digest.count == len(kept)


@given(st.lists(records), records)
def test_one_record_more_shows_in_its_bucket_alone(items, one):
    differing = digest_of(items).differing(digest_of([*items, one]))
    assert differing == [bucket_of(one[0], one[1])]
    assert digest_of(items).hex != digest_of([*items, one]).hex


@given(records, records)
def test_two_records_add_the_same_only_when_they_are_the_same(one, other):
    assert (digest_of([one]) == digest_of([other])) == (one == other)


@given(st.lists(records), st.lists(records))
def test_a_digest_reads_back_from_its_bytes_even_below_zero(added, removed):
    digest = digest_of(added)
    for item in removed:
        digest.remove(*item)
    again = Digest.from_bytes(digest.to_bytes())
    assert again == digest
    assert again.buckets() == digest.buckets()
    assert len(again.buckets()) == BUCKETS


def test_a_digest_of_another_size_is_none():
    with pytest.raises(ValueError, match="10240"):
        Digest.from_bytes(b"")


def test_a_digest_is_equal_to_nothing_else_and_is_no_key():
    assert Digest() != Digest().hex
    with pytest.raises(TypeError):
        hash(Digest())

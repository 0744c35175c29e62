"""The guard: how many deletions a sliding day may bring before a person is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.protocol.guard import DAY_SECONDS, Guard


@pytest.mark.parametrize(("size", "allowed"), [(0, 100), (999, 100), (1_010, 101), (50_000, 5_000)])
def test_a_tenth_of_a_feed_and_at_least_a_hundred_records_may_go_in_a_day(size, allowed):
    assert Guard().allowance(size) == allowed
    assert not Guard().parks(deletions=[], now=0, held_a_day_ago=size, incoming=allowed)
    assert Guard().parks(deletions=[], now=0, held_a_day_ago=size, incoming=allowed + 1)


def test_deletions_count_until_they_are_a_day_old():
    earlier = [0.0] * 100
    assert Guard().parks(deletions=earlier, now=DAY_SECONDS - 1, held_a_day_ago=0, incoming=1)
    assert not Guard().parks(deletions=earlier, now=DAY_SECONDS, held_a_day_ago=0, incoming=1)


@given(st.lists(st.integers(1, 60), max_size=12), st.integers(0, 3_000))
def test_many_small_commits_get_no_further_than_one_large_one(commits, size):
    guard, passed = Guard(), []
    for now, incoming in enumerate(commits):
        if not guard.parks(deletions=passed, now=now, held_a_day_ago=size, incoming=incoming):
            passed += [now] * incoming
    assert len(passed) <= guard.allowance(size)


def test_a_clock_that_is_set_back_counts_for_caution():
    assert Guard().parks(deletions=[DAY_SECONDS * 9.0] * 100, now=0, held_a_day_ago=0, incoming=1)

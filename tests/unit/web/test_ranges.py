"""Ranges of bytes: each is the slice that it says, and what is no range is the whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.web.ranges import NoSuchRange, asked, resumes

DATA = bytes(range(100))


def got(header: str | None, size: int = len(DATA)) -> bytes:
    part = asked(header, size)
    return DATA[:size] if part is None else DATA[part.start : part.stop]


@given(st.integers(0, 99), st.integers(0, 1000))
def test_a_range_with_both_ends_is_the_slice_with_its_last_byte(first: int, more: int) -> None:
    assert got(f"bytes={first}-{first + more}") == DATA[first : first + more + 1]


@given(st.integers(0, 99))
def test_a_range_without_an_end_goes_to_the_end(first: int) -> None:
    assert got(f"bytes={first}-") == DATA[first:]


@given(st.integers(1, 1000))
def test_a_suffix_is_the_last_bytes(length: int) -> None:
    assert got(f"bytes=-{length}") == DATA[-length:]


@given(st.integers(100, 10**17), st.just("") | st.integers(10**17, 10**18 - 1).map(str))
def test_a_range_that_begins_behind_the_end_is_not_there(first: int, last: str) -> None:
    with pytest.raises(NoSuchRange) as caught:
        asked(f"bytes={first}-{last}", 100)
    assert caught.value.headers == {"Content-Range": "bytes */100"}


def test_a_suffix_of_nothing_is_not_there() -> None:
    with pytest.raises(NoSuchRange):
        asked("bytes=-0", 100)


@pytest.mark.parametrize(
    "header",
    [
        *(None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=5-4", "items=0-5"),
        *("bytes=0-1,5-6", "bytes=0-1,", "bytes=1.5-2", "bytes=+1-2", "bytes=0x1-2", "bytes=" + "9" * 30 + "-"),
        *("bytes=1-2-3", "bytes=--1", "bytes=\u0661-\u0662", "bytes=0-" + ",0-" * 2000),
    ],
)
def test_what_is_no_single_range_is_answered_with_the_whole(header: str | None) -> None:
    assert asked(header, 100) is None


@given(st.text(st.sampled_from("bytes=0123456789-, ab"), max_size=24), st.integers(1, 100))
def test_whatever_is_asked_the_answer_lies_within_the_file(header: str, size: int) -> None:
    try:
        part = asked(header, size)
    except NoSuchRange:
        return
    assert part is None or 0 <= part.start < part.stop <= size


@pytest.mark.parametrize(
    ("header", "goes_on"),
    [(None, True), ('"abc"', True), ('W/"abc"', False), ('"other"', False), ("Wed, 21 Oct 2015 07:28:00 GMT", False)],
)
def test_who_has_begun_with_another_file_gets_the_whole(header: str | None, goes_on: bool) -> None:
    assert resumes(header, '"abc"') is goes_on


def test_content_range_counts_from_nought_to_the_last_byte() -> None:
    part = asked("bytes=10-19", 100)
    assert part is not None
    assert part.of(100) == "bytes 10-19/100"

"""Names: every text form is the only one, and what does not match is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.protocol.names import LAST_EPOCH, OFFICIAL, START, Cursor, Epoch, Feed, Key, Version, name, node, participant
from weft.protocol.refusals import Malformed

epochs = st.builds(
    lambda counter, tag: Epoch(counter << 32 | tag), st.integers(1, LAST_EPOCH), st.integers(0, 2**32 - 1)
)
versions = st.builds(Version, epochs, st.integers(1, 10**18 - 1))
cursors = st.builds(Cursor, epochs, st.integers(1, 10**18 - 1), st.from_regex(r"\A[0-9a-f]{64}\Z"))


@given(epochs)
def test_an_epoch_reads_back_as_itself_and_fits_a_64_bit_column(epoch):
    assert Epoch.parse(str(epoch)) == epoch < 2**63


@given(versions, versions)
def test_versions_read_back_and_are_ordered_by_epoch_and_then_number(one, other):
    assert Version.parse(str(one)) == one
    assert (one < other) == ((one.epoch, one.number) < (other.epoch, other.number))


@given(cursors)
def test_a_cursor_reads_back_as_itself(cursor):
    assert Cursor.parse(str(cursor)) == cursor


def test_the_cursor_before_the_first_commit_has_one_form():
    assert Cursor.parse(str(START)) == START
    assert str(START) == "0-0-0"


def test_keys_and_feeds_read_back_as_themselves():
    key = Key.parse("eclac/document/brief-2026.1_es")
    assert (key, str(key)) == (Key("eclac", "document", "brief-2026.1_es"), "eclac/document/brief-2026.1_es")
    assert str(Feed.parse("ece/catalog/eca")) == "ece/catalog/eca"


@pytest.mark.parametrize("text", ["", "a" * 33, "-a", "a-", "A", "a_b", "a\n", "é", "a/b", " a", 7, None])
def test_what_is_not_a_name_is_refused(text):
    with pytest.raises(Malformed):
        name(text)


@pytest.mark.parametrize("text", ["a", "0", "a-b", "a" * 32])
def test_a_name_of_up_to_32_letters_digits_and_inner_hyphens_is_one(text):
    assert name(text) == node(text) == text


def test_no_node_is_called_like_the_origin_of_official_lists_though_their_records_have_keys():
    with pytest.raises(Malformed):
        participant(OFFICIAL)
    assert participant("unece") == "unece"
    assert Key.parse("un/indicator/mdg-2008.7.10").origin == OFFICIAL


@pytest.mark.parametrize("audience", ["local", "network"])
def test_no_node_is_called_like_an_audience(audience):
    for refused in (lambda: node(audience), lambda: Feed.parse(f"{audience}/catalog/eca")):
        with pytest.raises(Malformed):
            refused()
    with pytest.raises(Malformed):
        Key.parse(f"{audience}/document/a")


@pytest.mark.parametrize(
    "text",
    ["a/b", "a/b/c/d", "a/B/c", "a/b/", "a/b/C", "a/b/.", "a/b/..", "a/b/c\n", "a/9b/c", "a/b/" + "c" * 129, "a" * 999],
)
def test_what_is_not_a_key_is_refused(text):
    with pytest.raises(Malformed):
        Key.parse(text)


def test_ids_may_begin_with_dots_but_never_climb_a_path():
    assert Key.parse("eca/document/...").id == "..."
    assert Key.parse("eca/document/.a").id == ".a"


@pytest.mark.parametrize("text", ["a/b", "a/b/c/d", "a//c", "a/b/c\n", "A/b/c"])
def test_what_is_not_a_feed_is_refused(text):
    with pytest.raises(Malformed):
        Feed.parse(text)


@pytest.mark.parametrize(
    "text",
    ["1", "0.00000000", "01.00000000", "1.0000000", "1.0000000A", "1000000000.00000000", "1.00000000\n", "١.00000000"],
)
def test_what_is_not_an_epoch_is_refused(text):
    with pytest.raises(Malformed):
        Epoch.parse(text)


@pytest.mark.parametrize("number", ["0", "01", "-1", "1" * 19, "1 ", "1\n", ""])
def test_what_is_not_a_version_is_refused(number):
    with pytest.raises(Malformed):
        Version.parse(f"1.00000000.{number}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0-0-" + "a" * 64,
        "0-1-0",
        "1.00000000-0-0",
        "1.00000000-1-0",
        "1.00000000-01-" + "a" * 64,
        "1.00000000-0-" + "a" * 64,
        "1.00000000-1-" + "A" * 64,
        "1.00000000-1-" + "a" * 64 + "\n",
        "1.00000000-" + "1" * 19 + "-" + "a" * 64,
    ],
)
def test_what_is_not_a_cursor_is_refused(text):
    with pytest.raises(Malformed):
        Cursor.parse(text)


@given(epochs.filter(lambda epoch: epoch >> 32 < LAST_EPOCH), st.integers(0, 2**40))
def test_the_next_epoch_is_above_whatever_its_random_bits(highest, tag):
    assert Epoch.after(highest, tag) > highest
    assert Epoch.parse(str(Epoch.after(highest, tag))) == Epoch.after(highest, tag)


def test_there_is_no_epoch_that_could_not_be_written():
    with pytest.raises(Malformed):
        Epoch.after(LAST_EPOCH << 32, 0)

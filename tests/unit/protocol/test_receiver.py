"""The receiver: every commit has one place, and any weather on the way ends in the origin's state or a named refusal."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.protocol.build import (
    FEED,
    FIRST,
    KEYS,
    SECOND,
    THIRD,
    Edit,
    Origin,
    Reader,
    delete,
    put,
    withdraw,
    without_bodies,
)
from weft.protocol import frames
from weft.protocol.commits import open_commit
from weft.protocol.names import START, Cursor, Version
from weft.protocol.receiver import Owed, Place, Standing, place, standing
from weft.protocol.refusals import Beyond, BrokenChain, Fork, Gap, Refusal, Regression, Withheld, WrongDigest


def lived(commits: int, epoch: object = FIRST, text: str = "text") -> Origin:
    origin = Origin(epoch=epoch)
    for at in range(1, commits + 1):
        origin.commit(put(f"r{at}", 1, text))
    return origin


def test_commits_in_order_are_next_and_again_they_are_seen():
    origin, reader = lived(3), Reader()
    for commit in origin.commits:
        assert reader.apply(commit) is Place.NEXT
        assert [reader.apply(earlier) for earlier in origin.commits[: commit.header.sequence]] == (
            [Place.SEEN] * commit.header.sequence
        )
    assert reader.cursor == origin.cursor


def test_a_commit_that_comes_too_early_is_a_gap():
    origin = lived(4)
    for missing_from in range(3):
        cursor = origin.commits[missing_from - 1].cursor if missing_from else START
        for later in origin.commits[missing_from + 1 :]:
            with pytest.raises(Gap):
                place(cursor, later)


def test_two_commits_at_one_epoch_and_sequence_are_a_fork():
    with pytest.raises(Fork):
        place(lived(2).cursor, lived(2, text="other").commits[-1])


def test_a_next_commit_that_names_another_previous_one_breaks_the_chain():
    with pytest.raises(BrokenChain):
        place(lived(2, text="other").cursor, lived(3).commits[-1])


def test_a_reader_at_the_predecessor_of_a_new_epoch_goes_on():
    origin = lived(2)
    again = origin.restored(2, SECOND)
    again.commit(put("x", 1))
    assert place(origin.cursor, again.commits[-1]) is Place.NEXT


def test_a_reader_before_the_predecessor_has_a_gap_and_one_past_it_is_beyond():
    origin = lived(3)
    again = origin.restored(2, SECOND)
    opening = again.commit()
    with pytest.raises(Gap):
        place(origin.commits[0].cursor, opening)
    with pytest.raises(Gap):
        place(START, opening)
    with pytest.raises(Beyond):
        place(origin.cursor, opening)


def test_an_opening_that_names_another_hash_for_our_commit_is_a_fork():
    again = lived(2, text="other").restored(2, SECOND)
    with pytest.raises(Fork):
        place(lived(2).cursor, again.commit())


def test_a_reader_past_the_predecessor_is_beyond_even_when_it_missed_the_opening():
    origin = lived(4)
    again = origin.restored(1, SECOND)
    for commit in [again.commit() for _ in range(4)][1:]:
        with pytest.raises(Beyond):
            place(origin.cursor, commit)
    with pytest.raises(Gap):
        place(origin.cursor, again.commit())


def test_a_feed_that_begins_again_leaves_its_old_readers_beyond():
    again = lived(3, epoch=SECOND)
    for commits in (1, 2, 3):
        with pytest.raises(Beyond):
            place(lived(commits).cursor, again.commits[0])
    with pytest.raises(Beyond):
        place(lived(1).cursor, again.commits[1])


def test_an_epoch_that_follows_us_without_naming_us_breaks_the_chain():
    origin = lived(2)
    follows = origin.restored(2, SECOND).commit()
    silent = follows._replace(header=msgspec.structs.replace(follows.header, opens=None))
    with pytest.raises(BrokenChain):
        place(origin.cursor, silent)


def test_a_branch_that_was_given_up_is_seen_once_a_later_epoch_was_read():
    origin = lived(5)
    again = origin.restored(2, SECOND)
    opening = again.commit()
    for orphan in origin.commits[2:]:
        assert place(opening.cursor, orphan) is Place.SEEN


def test_a_head_is_ahead_even_or_old_and_another_hash_is_a_fork():
    origin = lived(3)
    one, two, three = (commit.cursor for commit in origin.commits)
    reopened = origin.restored(1, SECOND).commit().cursor
    assert standing(two, three, FEED) is standing(START, one, FEED) is Standing.AHEAD
    assert standing(three, reopened, FEED) is Standing.AHEAD
    assert standing(two, two, FEED) is standing(START, START, FEED) is Standing.EVEN
    assert standing(two, one, FEED) is standing(one, START, FEED) is Standing.OLD
    with pytest.raises(Fork):
        standing(two, lived(2, text="other").cursor, FEED)


def test_a_missing_body_is_asked_for_again_only_when_the_noted_head_is_reached():
    owed = Owed(3)
    assert [owed.overdue(Cursor(FIRST, at, "a" * 64)) for at in (2, 3, 4)] == [False, True, True]


def test_a_body_refused_again_is_owed_by_the_newer_head_and_withheld_at_the_same_one():
    assert Owed(3).refused(5) == Owed(5)
    with pytest.raises(Withheld):
        Owed(3).refused(3)


def test_a_refusal_with_an_old_head_accuses_nobody():
    assert Owed(3).refused(2) == Owed(3)


def test_a_version_that_the_feed_has_passed_is_a_regression():
    origin, reader = Origin(), Reader()
    reader.apply(origin.commit(put("a", 2)))
    for number in (1, 2):
        liar = Origin()
        liar.commits, liar.digest = list(origin.commits), origin.digest
        with pytest.raises(Regression):
            reader.apply(liar.commit(put("a", number)))


def test_a_header_with_another_digest_than_our_copy_is_noticed_and_changes_nothing():
    origin, reader = Origin(), Reader()
    reader.apply(origin.commit(put("a", 1)))
    origin.digest.add("document", "ghost", "1.0000000a.1", "a" * 64)
    before = (reader.cursor, dict(reader.ledger), reader.digest.hex)
    with pytest.raises(WrongDigest):
        reader.apply(origin.commit(put("b", 1)))
    assert (reader.cursor, reader.ledger, reader.digest.hex) == before


def test_a_commit_without_its_bodies_applies_and_its_puts_are_not_present():
    reader = Reader()
    reader.apply(without_bodies(Origin().commit(put("a", 1), put("b", 1)), [1]))
    assert [entry.present for entry in reader.ledger.values()] == [True, False]


# -- any weather ----------------------------------------------------------------------------------------------------

lives = st.lists(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["put", "withdraw", "delete"])), max_size=3), max_size=8
)


def grown(history: list[list[tuple[str, str]]], epochs: list[int]) -> Origin:
    """An origin that lived through these commits, with a restart that lost nothing after some of them."""
    origin, number = Origin(), 0
    for at, batch in enumerate(history):
        edits = {}
        for id_, op in batch:
            number += 1
            edits[id_] = Edit(id_, Version(origin.epoch, number), f"text {number}" if op == "put" else None, op)
        origin.commit(*edits.values())
        if at in epochs:
            origin.epoch = origin.epoch.after(origin.epoch, at)
    return origin


def delivered(reader: Reader, raw: bytes, log: list[type]) -> None:
    try:
        reader.apply(open_commit(frames.parse(raw), feed=FEED, keys=KEYS))
    except Refusal as refusal:
        log.append(type(refusal))


@settings(max_examples=80, deadline=None)
@given(lives, st.lists(st.integers(0, 7), max_size=3), st.data())
def test_loss_duplication_and_any_order_end_in_the_origins_state_or_a_gap(history, epochs, data):
    origin = grown(history, epochs)
    raws = [commit.to_bytes() for commit in origin.commits]
    arriving = data.draw(st.lists(st.sampled_from(raws), max_size=20)) if raws else []
    reader, refusals = Reader(), []
    for raw in arriving:
        delivered(reader, raw, refusals)
    assert set(refusals) <= {Gap}
    for raw in raws[reader.cursor.sequence :]:
        delivered(reader, raw, refusals)
    assert set(refusals) <= {Gap}
    assert (reader.cursor, reader.digest) == (origin.cursor, origin.digest)
    assert reader.ledger == origin.ledger


@settings(max_examples=60, deadline=None)
@given(lives.filter(bool), st.data())
def test_damage_in_any_weather_never_leaves_a_state_that_the_origin_was_not_in(history, data):
    origin = grown(history, [])
    states = {(commit.cursor, commit.header.digest) for commit in origin.commits} | {(START, Reader().digest.hex)}
    raws = [commit.to_bytes() for commit in origin.commits]
    reader, refusals = Reader(), []
    for raw in data.draw(st.lists(st.sampled_from(raws), max_size=12)):
        at, flip = data.draw(st.integers(0, len(raw) - 1)), data.draw(st.integers(0, 255))
        delivered(reader, raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :], refusals)
        assert (reader.cursor, reader.digest.hex) in states


@settings(max_examples=60, deadline=None)
@given(lives, lives, st.integers(0, 8), st.data())
def test_a_reader_of_a_branch_that_was_given_up_ends_in_the_new_one_or_knows_that_it_is_beyond(old, new, kept, data):
    origin = grown(old, [])
    again = origin.restored(min(kept, len(origin.commits)), THIRD)
    for at, batch in enumerate([[], *new]):
        again.commit(*{id_: Edit(id_, Version(THIRD, at + 1), f"new {at}") for id_, _ in batch}.values())
    reader, refusals = Reader(), []
    both = [commit.to_bytes() for commit in {c.hash: c for c in [*origin.commits, *again.commits]}.values()]
    for raw in data.draw(st.lists(st.sampled_from(both), max_size=16)):
        delivered(reader, raw, refusals)
    assert set(refusals) <= {Gap, Beyond}
    position = [commit.cursor for commit in again.commits]
    on_branch = reader.cursor == START or reader.cursor in position
    refusals.clear()
    start = position.index(reader.cursor) + 1 if reader.cursor in position else 0
    for commit in again.commits[start:]:
        delivered(reader, commit.to_bytes(), refusals)
    if on_branch:
        assert (refusals, reader.cursor, reader.digest) == ([], again.cursor, again.digest)
    else:
        assert Beyond in refusals
        assert reader.cursor in [commit.cursor for commit in origin.commits]


def test_ends_are_applied_like_puts_and_the_digest_forgets_them():
    origin, reader = Origin(), Reader()
    for commit in (origin.commit(put("a", 1), put("b", 1)), origin.commit(delete("a", 2), withdraw("b", 2))):
        reader.apply(commit)
    assert (reader.digest.count, {entry.op for entry in reader.ledger.values()}) == (0, {"delete", "withdraw"})

"""The rules of how a change travels, one by one, at the level of the pure functions (docs/protocol.md lists them).

Rules 5 (a body leaves only while it is current), 6 (admission is a point in the journal) and 11 (audiences name
identities) are kept by the origin's journal: tests/unit/journal has their tests. Here stands what the protocol itself
decides of the others: rules 1 to 4 and 7 to 10.
"""

import pytest

from tests.unit.protocol.build import FIRST, SECOND, THIRD, Edit, Origin, Reader, delete, put, withdraw
from weft.protocol.digest import Digest
from weft.protocol.holds import Parked, Shown, due, shown
from weft.protocol.ledger import Entry, advance, count, ends, orphaned, replace
from weft.protocol.names import LOCAL, NETWORK, Epoch, Version
from weft.protocol.receiver import Owed, Place, place
from weft.protocol.recovery import Orphan, Ours, Recovered, next_epoch, recovered, take_back, undone
from weft.protocol.refusals import Beyond, Fork, Gap, Regression, Withheld

NAME, OTHER = ("document", "a"), ("document", "b")


def v(number: int, epoch: Epoch = FIRST) -> Version:
    return Version(epoch, number)


def held(number: int, *, present: bool = True, epoch: Epoch = FIRST) -> Entry:
    return Entry("put", v(number, epoch), "a" * 64, 4, present)


def ended(op: str, number: int) -> Entry:
    return Entry(op, v(number))  # type: ignore[arg-type]  # op is one of Op


def applied(ledger: dict, edit: Edit) -> dict:
    after = advance(edit.change.name, ledger.get(edit.change.name), edit.change, present=True)
    return {**ledger, edit.change.name: after}


# 1. Ledgers
def test_rule_1_a_feeds_delete_leaves_what_other_feeds_hold_in_their_ledgers():
    network, named = applied({}, put("a", 1)), applied({}, put("a", 2))
    network = applied(network, delete("a", 3))
    assert (network[NAME].op, named[NAME].op) == ("delete", "put")
    assert shown({"network": network[NAME], "eca": named[NAME]}) is None


def test_rule_1_a_feeds_versions_of_a_record_only_rise():
    for again in (put("a", 2), withdraw("a", 1), delete("a", 2)):
        with pytest.raises(Regression):
            applied(applied({}, put("a", 2)), again)


def test_rule_1_digests_are_of_ledgers_so_of_puts_whether_shown_or_not():
    digest, whole = Digest(), Digest()
    count(digest, NAME, None, held(1, present=False))
    whole.add(*NAME, str(v(1)), "a" * 64)
    assert digest == whole
    count(digest, NAME, held(1), ended("withdraw", 2))
    assert digest == Digest()
    count(digest, NAME, ended("withdraw", 2), held(3))
    count(digest, NAME, held(3), None)
    assert digest == Digest()


# 2. What is shown
@pytest.mark.parametrize("op", ["withdraw", "delete"])
def test_rule_2_a_higher_version_in_any_ledger_outdates_a_put(op):
    assert shown({"network": held(1), "eca": ended(op, 2)}) is None
    assert shown({"network": held(1), "eca": held(2, present=False)}) is None
    assert shown({"network": held(3), "eca": ended(op, 2)}) == Shown(v(3), "a" * 64, frozenset({"network"}))


@pytest.mark.parametrize("op", ["withdraw", "delete"])
def test_rule_2_at_equal_versions_a_put_wins(op):
    assert shown({"network": ended(op, 2), "eca": held(2)}) == Shown(v(2), "a" * 64, frozenset({"eca"}))


def test_rule_2_any_feed_that_has_the_body_shows_it():
    one = held(1, present=False)
    assert shown({"network": one, "eca": held(1)}) == Shown(v(1), "a" * 64, frozenset({"network", "eca"}))
    assert shown({"network": one, "eca": one}) is None
    assert shown({}) is None


def test_rule_2_a_hash_is_shown_only_with_its_own_body():
    other = Entry("put", v(1), "b" * 64, 4, present=False)
    for entries in ({"a": other, "b": held(1)}, {"b": held(1), "a": other}):
        found = shown(entries)
        assert found is not None
        assert found.hash == "a" * 64


# 3. Snapshots replace
def test_rule_3_a_snapshot_ends_the_holds_that_it_lacks_and_leaves_a_mark_at_their_version():
    before = {NAME: held(4), OTHER: held(2)}
    assert replace(before, {OTHER: held(2)}) == {NAME: Entry("withdraw", v(4))}


def test_rule_3_the_mark_keeps_older_versions_in_other_feeds_from_coming_back():
    mark = replace({NAME: held(4)}, {})[NAME]
    assert shown({"network": mark, "eca": held(3)}) is None
    assert shown({"network": mark, "eca": held(4)}) is not None


def test_rule_3_a_snapshot_takes_over_what_is_new_and_leaves_what_ended_before():
    before = {NAME: ended("delete", 2)}
    assert replace(before, {OTHER: held(1)}) == {OTHER: held(1)}
    assert replace(before, {NAME: held(5)}) == {NAME: held(5)}


def test_rule_3_a_newcomer_gets_no_marks():
    assert replace({}, {OTHER: held(1)}) == {OTHER: held(1)}


def test_rule_3_a_returning_reader_is_told_why_each_of_its_own_keys_is_gone():
    ours = {NAME: ended("delete", 3), OTHER: ended("withdraw", 2), ("document", "c"): held(1)}
    asked = [NAME, OTHER, ("document", "c"), ("document", "never")]
    assert ends(ours, asked) == {NAME: ("deleted", v(3)), OTHER: ("withdrawn", v(2))}


# 4. Parking
PARKED = Parked(v(3), Shown(v(2), "a" * 64, frozenset({"network"})))


def test_rule_4_a_parked_deletion_changes_what_is_shown_and_not_the_ledger():
    entries = {"network": ended("delete", 3)}
    found = shown(entries, PARKED)
    assert found == Shown(v(2), "a" * 64, frozenset({"network"}), parked=True)
    assert shown(entries) is None
    digest = Digest()
    count(digest, NAME, None, held(2))
    count(digest, NAME, held(2), entries["network"])
    assert digest == Digest()


def test_rule_4_a_later_version_ends_the_parking():
    assert shown({"network": held(4)}, PARKED) == Shown(v(4), "a" * 64, frozenset({"network"}))
    assert shown({"network": ended("delete", 3), "eca": ended("withdraw", 4)}, PARKED) is None


# 7. What is owed
def test_rule_7_a_missing_body_is_owed_until_the_head_that_was_noted():
    origin, reader = Origin(), Reader()
    first = origin.commit(put("a", 1))
    origin.commit(put("b", 1))
    origin.commit(put("a", 2))
    owed = Owed(origin.head().head.sequence)
    reader.apply(first._replace(bodies={}))
    assert not owed.overdue(reader.cursor)
    for commit in origin.commits[1:]:
        reader.apply(commit)
    assert owed.overdue(reader.cursor)
    assert reader.ledger[NAME] == held(2)._replace(hash=put("a", 2).change.hash)


def test_rule_7_refused_again_at_the_same_head_it_is_withheld():
    with pytest.raises(Withheld):
        Owed(4).refused(4)
    assert Owed(4).refused(6).refused(8) == Owed(8)


# 8. Epochs
def test_rule_8_an_epoch_is_above_the_highest_known_with_bits_of_its_own():
    assert next_epoch([], 5) == Epoch.parse("1.00000005")
    assert next_epoch([FIRST, THIRD, SECOND], 5) == Epoch.parse("4.00000005")
    assert next_epoch([FIRST], 1) != next_epoch([FIRST], 2)


def test_rule_8_two_restorations_from_one_backup_share_no_version():
    one, other = next_epoch([FIRST], 0xAAAA), next_epoch([FIRST], 0xBBBB)
    assert v(7, one) != v(7, other)
    assert min(v(1, one), v(1, other)) > v(10**17)


def test_rule_8_a_reader_at_or_before_the_predecessor_just_goes_on():
    origin = Origin()
    origin.commit(put("a", 1))
    origin.commit(put("b", 1))
    again = origin.restored(2, SECOND)
    again.commit(put("a", 2, epoch=SECOND))
    for start in (0, 1, 2):
        reader = Reader()
        for commit in origin.commits[:start] + again.commits[start:]:
            assert reader.apply(commit) is Place.NEXT
        assert reader.digest == again.digest


# 9. Past the predecessor
def test_rule_9_a_reader_past_the_predecessor_is_beyond_and_a_reader_before_it_has_a_gap():
    origin = Origin()
    for id_ in "abc":
        origin.commit(put(id_, 1))
    opening = origin.restored(1, SECOND).commit()
    with pytest.raises(Beyond):
        place(origin.cursor, opening)
    with pytest.raises(Gap):
        place(Reader().cursor, opening)


def test_rule_9_the_same_epoch_and_sequence_with_another_hash_stays_a_fork():
    one, other = Origin(), Origin()
    one.commit(put("a", 1))
    with pytest.raises(Fork):
        place(one.cursor, other.commit(put("a", 1, "another text")))


def test_rule_9_marks_of_what_was_orphaned_are_forgotten_and_earlier_ones_stay():
    before = {NAME: ended("withdraw", 5), OTHER: ended("delete", 2), ("document", "c"): held(1)}
    assert orphaned(before, {}, [withdraw("a", 5).change]) == {NAME: None, ("document", "c"): None}
    assert orphaned(before, {NAME: held(4)}, [withdraw("a", 5).change]) == {NAME: held(4), ("document", "c"): None}


def test_rule_9_a_reader_that_read_a_snapshot_on_the_branch_forgets_every_mark():
    before = {NAME: ended("withdraw", 5), OTHER: ended("delete", 2)}
    assert orphaned(before, {}, None) == {NAME: None, OTHER: None}


RESTORED = Ours(v(3, SECOND), (NETWORK,), basis=v(3))


def test_rule_9_where_no_editor_changed_the_record_since_the_newest_fact_wins():
    assert take_back(Orphan("put", v(4), NETWORK), RESTORED, undoing=False) == (NETWORK,)
    assert take_back(Orphan("put", v(4), "eca"), RESTORED, undoing=False) == ("eca",)
    assert take_back(Orphan("withdraw", v(4), NETWORK), RESTORED, undoing=False) == (LOCAL,)
    assert take_back(Orphan("delete", v(4), NETWORK), RESTORED, undoing=False) == ()
    assert take_back(Orphan("put", v(1), "eca"), None, undoing=False) == ("eca",)


def test_rule_9_what_an_editor_changed_or_what_is_older_is_listed_as_a_conflict():
    edited = RESTORED._replace(basis=None)
    for ours, number in ((edited, 9), (RESTORED, 2), (RESTORED._replace(audience=()), 9)):
        assert take_back(Orphan("put", v(number), NETWORK), ours, undoing=False) is None


def test_rule_9_between_branches_a_delete_wins_unless_an_operator_undid_it():
    assert take_back(Orphan("delete", v(4), NETWORK), RESTORED, undoing=True) is None
    assert take_back(Orphan("delete", v(4), NETWORK), None, undoing=True) is None
    assert take_back(Orphan("put", v(4), NETWORK), RESTORED, undoing=True) == (NETWORK,)


# 10. Recovery never widens
def test_rule_10_a_recovered_record_has_the_audience_that_its_top_version_proves():
    assert recovered({NETWORK: held(2), "eca": held(1)}, None) == Recovered(v(2), (NETWORK,))
    assert recovered({NETWORK: ended("withdraw", 2), "eca": held(2)}, v(1)) == Recovered(v(2), ("eca",))
    assert recovered({"ece": held(2), "eca": held(2), LOCAL: held(2)}, None) == Recovered(v(2), ("eca", "ece"))
    assert recovered({NETWORK: held(1), "eca": ended("withdraw", 2)}, None) == Recovered(v(2), (LOCAL,))
    assert recovered({NETWORK: held(2), "eca": held(2)}, None) == Recovered(v(2), (NETWORK,))
    assert recovered({LOCAL: held(2)}, None) == Recovered(v(2), (LOCAL,))
    assert recovered({NETWORK: ended("delete", 2), "eca": held(1)}, None) == Recovered(v(2), ())


def test_rule_10_what_is_not_newer_than_ours_is_no_news():
    assert recovered({}, None) is None
    assert recovered({NETWORK: held(2)}, v(2)) is None
    assert recovered({NETWORK: held(2)}, v(2, SECOND)) is None


def test_rule_10_peers_that_return_one_by_one_are_added_and_nothing_is_widened():
    ours = Ours(v(3, SECOND), ("eca",), basis=v(3))
    assert take_back(Orphan("put", v(3), "ece"), ours, undoing=False) == ("eca", "ece")
    assert take_back(Orphan("put", v(3), "eca"), ours, undoing=False) is None
    assert take_back(Orphan("put", v(3), NETWORK), ours, undoing=False) == (NETWORK,)
    assert take_back(Orphan("withdraw", v(3), "ece"), ours, undoing=False) is None
    assert take_back(Orphan("put", v(3), "ece"), ours._replace(audience=(LOCAL,)), undoing=False) == ("ece",)
    assert take_back(Orphan("put", v(3), "ece"), RESTORED, undoing=False) == ("ece",)


def test_rule_10_an_undone_deletion_is_withdrawn_from_feeds_that_carried_it_and_are_not_due_it():
    assert undone(("eca",), [NETWORK, "eca", "ece"]) == {NETWORK, "ece"}
    assert undone((NETWORK,), [NETWORK]) == set()


def test_a_record_is_due_where_its_audience_says_and_in_the_local_feed_unless_it_is_for_the_network():
    assert [due(audience, NETWORK) for audience in ((), (LOCAL,), ("eca",), (NETWORK,))] == [False, False, False, True]
    assert [due(audience, "eca") for audience in ((), (LOCAL,), ("eca", "ece"), (NETWORK,))] == [
        False,
        False,
        True,
        False,
    ]
    assert [due(audience, LOCAL) for audience in ((), (LOCAL,), ("eca",), (NETWORK,))] == [False, True, True, False]

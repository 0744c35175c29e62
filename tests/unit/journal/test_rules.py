"""The rules of the protocol that an origin's journal and sealing keep: 5, 6, 8 and 11."""

import pytest

from weft.journal import readers
from weft.log.serve import SnapshotFirst
from weft.problems import Forbidden
from weft.protocol.names import START


def test_rule_5_a_body_is_refused_once_its_successor_is_journalled(origin):
    origin.put("a", "old")
    origin.seal()
    assert origin.bodies("network") == ["old"]
    origin.put("a", "new")
    assert origin.page("network").commits == []
    origin.seal()
    assert origin.changes("network") == [("put", "a", 1), ("put", "a", 2)]
    assert origin.bodies("network") == ["new"]


def test_rule_5_a_body_is_refused_once_a_narrower_audience_is_journalled(origin):
    origin.put("a", "for all")
    origin.seal()
    origin.put("a", "for all", "local")
    assert origin.bodies("network") == []
    origin.seal()
    assert origin.changes("network") == [("put", "a", 1), ("withdraw", "a", 2)]
    assert origin.bodies("network") == []
    assert origin.bodies("local") == ["for all"]


def test_rule_5_what_was_superseded_before_it_was_sealed_never_leaves(origin):
    origin.put("a", "for all")
    origin.put("a", "for nobody", "local")
    origin.seal()
    assert origin.changes("network") == []
    assert origin.changes("local") == [("put", "a", 2)]


def test_rule_6_what_was_journalled_before_an_admission_is_sealed_before_it(origin):
    origin.put("a", "deleted before anybody came")
    origin.delete("a")
    origin.put("b", "kept")
    origin.admit("ece")
    with origin.database.reading() as session:
        since = readers.since(session, "ece", "a" * 32, "network")
    assert since == origin.page("network").head.head.sequence == 1
    with pytest.raises(SnapshotFirst):
        origin.page("network", START, since)
    origin.put("c", "after")
    origin.seal()
    after = origin.page("network").commits[0].cursor
    assert [commit.header.changes[0].id for commit in origin.page("network", after, since).commits] == ["c"]


def test_rule_8_the_first_commit_after_a_start_opens_an_epoch_that_names_its_predecessor(origin):
    origin.put("a", "one")
    origin.seal()
    origin.begin()
    origin.put("b", "two")
    origin.put("c", "three")
    origin.seal()
    first, second = origin.page("network").commits
    assert second.header.opens is not None
    assert second.header.opens.cursor == first.cursor
    assert (second.header.sequence, second.header.position) == (2, 3)
    assert second.cursor.epoch > first.cursor.epoch


def test_rule_8_no_two_starts_share_an_epoch_even_when_nothing_was_written(origin):
    epochs = [origin.us.epoch]
    for _ in range(3):
        origin.begin()
        epochs.append(origin.us.epoch)
    assert sorted(set(epochs)) == epochs


def test_rule_11_removing_a_peer_writes_its_name_out_of_every_audience(origin):
    origin.admit("ece")
    origin.admit("escap")
    origin.put("one", "for ece", "ece")
    origin.put("both", "for two", "ece", "escap")
    origin.seal()
    origin.remove("ece")
    assert origin.changes("ece")[-2:] == [("withdraw", "one", 2), ("withdraw", "both", 2)]
    assert origin.bodies("ece") == []
    assert origin.bodies("escap") == ["for two"]
    with origin.database.reading() as session, pytest.raises(Forbidden):
        readers.since(session, "ece", "a" * 32, "ece")


def test_rule_11_another_identity_under_a_known_name_begins_with_nothing(origin):
    origin.admit("ece", "a" * 32)
    origin.put("one", "for the first ece", "ece")
    origin.seal()
    origin.admit("ece", "b" * 32)
    assert origin.bodies("ece") == []
    with origin.database.reading() as session:
        assert readers.since(session, "ece", "b" * 32, "ece") == 2
        with pytest.raises(Forbidden):
            readers.since(session, "ece", "a" * 32, "ece")


def test_admitting_the_same_peer_again_changes_nothing(origin):
    origin.admit("ece")
    origin.put("one", "for ece", "ece")
    origin.seal()
    origin.admit("ece")
    assert origin.changes("ece") == [("put", "one", 1)]

"""Sealing: which feed gets what, in commits of bounded size, once."""

import pytest

from weft.journal import record, seal
from weft.journal.record import Draft
from weft.journal.seal import SequencerLost
from weft.protocol.limits import BODIES_PER_COMMIT_BYTES, CHANGES_PER_COMMIT


def test_each_audience_has_its_feed_and_no_other_feed_knows_of_it(origin):
    origin.admit("ece")
    origin.admit("escap")
    for id_, audience in (("all", "network"), ("mine", "local"), ("one", "ece")):
        origin.put(id_, id_, audience)
    origin.seal()
    assert {name: origin.bodies(name) for name in ("network", "local", "ece", "escap")} == {
        "network": ["all"],
        "local": ["mine", "one"],
        "ece": ["one"],
        "escap": [],
    }


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (("network",), ("ece",), {"network": "withdraw", "ece": "put", "local": "put"}),
        (("ece",), ("network",), {"network": "put", "ece": "withdraw", "local": "withdraw"}),
        (("ece",), ("local",), {"ece": "withdraw", "local": "put"}),
        (("ece",), ("ece", "escap"), {"ece": "put", "escap": "put", "local": "put"}),
    ],
)
def test_a_change_of_audience_is_one_version_in_all_feeds_concerned(origin, before, after, said):
    origin.admit("ece")
    origin.admit("escap")
    origin.put("a", "text", *before)
    origin.seal()
    origin.put("a", "text", *after)
    origin.seal()
    last = {
        name: [change for change in origin.changes(name) if change[2] == 2]
        for name in ("network", "local", "ece", "escap")
    }
    assert {name: changes[0][0] for name, changes in last.items() if changes} == said


def test_a_deletion_goes_to_every_feed_that_holds_the_record_and_to_no_other(origin):
    origin.admit("ece")
    origin.put("a", "text", "ece")
    origin.put("b", "text")
    origin.seal()
    origin.delete("a")
    origin.seal()
    assert [origin.changes(name)[-1][0] for name in ("ece", "local")] == ["delete", "delete"]
    assert origin.changes("network") == [("put", "b", 1)]


def test_a_commit_closes_at_its_number_of_changes(origin):
    with origin.database.writing() as session:
        drafts = [Draft("document", f"{at:04}", b"text", ("network",)) for at in range(CHANGES_PER_COMMIT + 1)]
        record.put_many(session, origin.us, drafts)
    origin.seal()
    assert [len(commit.header.changes) for commit in origin.page("network").commits] == [CHANGES_PER_COMMIT, 1]


def test_a_commit_closes_at_its_size_of_bodies(origin):
    size = 500_000
    with origin.database.writing() as session:
        drafts = [Draft("document", f"{at:04}", b"x" * size, ("network",)) for at in range(20)]
        record.put_many(session, origin.us, drafts)
    origin.seal()
    held = [sum(len(body.data) for body in commit.bodies.values()) for commit in origin.page("network").commits]
    assert len(held) > 1
    assert all(total < BODIES_PER_COMMIT_BYTES + size for total in held)


def test_a_feed_that_another_sequencer_extended_is_not_forked(origin):
    origin.put("a", "one")
    with origin.database.writing() as session:
        row = seal.own_feeds(session, origin.us)["network"]
        session.expunge(row)
    origin.seal()
    origin.put("b", "two")

    def extend_from_where_it_was():
        with origin.database.writing() as session:
            seal.append(session, origin.us, session.merge(row, load=False), [], {}, {})

    with pytest.raises(SequencerLost):
        extend_from_where_it_was()
    origin.seal()
    assert [change[1] for change in origin.changes("network")] == ["a", "b"]

"""Writing an origin's own records."""

import pytest

from weft.journal import record
from weft.journal.record import Condition, Deleted, Draft
from weft.problems import Invalid, NotFound, Stale, TooLarge
from weft.protocol.limits import BODY_BYTES
from weft.protocol.names import Version


def put(origin, expected, text="text", audience=("network",)):
    with origin.database.writing() as session:
        return record.put(session, origin.us, Draft("document", "a", text.encode(), audience), expected)


def test_the_number_of_a_version_rises_by_one_at_each_change_and_at_deletion(origin):
    numbers = [
        origin.put("a", "one").version.number,
        origin.put("a", "two").version.number,
        origin.delete("a").version.number,
    ]
    assert numbers == [1, 2, 3]


def test_a_writer_that_expects_another_version_is_told_and_writes_nothing(origin):
    first = put(origin, Condition.ABSENT)
    put(origin, first.version, "newer")
    for expected in (first.version, Version(first.version.epoch, 9), Condition.ABSENT):
        with pytest.raises(Stale):
            put(origin, expected, "lost")
    origin.seal()
    assert origin.bodies("network") == ["newer"]


def test_a_key_is_never_used_again_after_deletion(origin):
    origin.put("a", "one")
    origin.delete("a")
    with pytest.raises(Deleted):
        origin.put("a", "again")
    with pytest.raises(NotFound):
        origin.delete("a")


@pytest.mark.parametrize("audience", [(), ("ece",), ("network", "ece"), ("local", "network"), ("ece", "eca")])
def test_an_audience_that_names_nobody_approved_is_refused(origin, audience):
    with pytest.raises(Invalid):
        put(origin, Condition.ANY, audience=audience)


def test_an_audience_names_approved_peers_in_order_and_once_each(origin):
    origin.admit("ece")
    origin.admit("escap")
    assert put(origin, Condition.ANY, audience=("ece", "escap")).audience == ("ece", "escap")
    for wrong in (("escap", "ece"), ("ece", "ece")):
        with pytest.raises(Invalid):
            put(origin, Condition.ANY, audience=wrong)


def test_a_body_over_the_limit_is_refused(origin):
    with pytest.raises(TooLarge):
        put(origin, Condition.ANY, "x" * (BODY_BYTES + 1))


def test_a_failed_transaction_leaves_neither_record_nor_journal_row(origin):
    def broken():
        with origin.database.writing() as session:
            record.put(session, origin.us, Draft("document", "a", b"text", ("network",)), Condition.ANY)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert origin.seal() == []
    assert put(origin, Condition.ABSENT).created

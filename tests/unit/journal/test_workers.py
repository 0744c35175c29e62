"""Several workers on one database: each start begins an epoch, and all write and seal in the newest one."""

from dataclasses import replace

from weft.journal import record, seal
from weft.journal.incarnation import newest
from weft.journal.record import Condition, Draft


def put(origin, us, id_, text):
    with origin.database.writing() as session:
        draft = Draft("document", id_, text.encode(), ("network",))
        return record.put(session, us, draft, Condition.ANY).version


def test_a_worker_that_began_earlier_writes_above_what_a_later_one_wrote(origin):
    first = origin.us
    before = put(origin, first, "a", "by the first")
    origin.begin()
    by_second = put(origin, origin.us, "a", "by the second")
    by_first = put(origin, first, "a", "by the first again")
    assert before < by_second < by_first
    assert by_first.epoch == by_second.epoch == origin.us.epoch > first.epoch


def test_an_older_worker_seals_in_the_newest_epoch(origin):
    first = origin.us
    put(origin, first, "a", "one")
    origin.seal()
    origin.begin()
    put(origin, origin.us, "a", "two")
    with origin.database.writing() as session:
        (commit,) = seal.seal(session, first)
    assert commit.cursor.epoch == origin.us.epoch
    put(origin, first, "a", "three")
    with origin.database.writing() as session:
        (after,) = seal.seal(session, origin.us)
    assert after.header.previous == commit.hash
    assert origin.bodies("network") == ["three"]


def test_a_worker_never_goes_below_the_epoch_that_it_began(origin):
    later = replace(origin.us, epoch=origin.us.epoch + (1 << 32))
    with origin.database.reading() as session:
        assert newest(session, later) == later.epoch

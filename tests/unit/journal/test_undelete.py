"""Taking a deletion back: possible until it is sealed, and meanwhile nothing of the record is served."""

import pytest
from sqlmodel import select

from weft.journal import record, removed, seal
from weft.journal.models import RemovedRow
from weft.journal.record import Condition, Deleted, NotDeleted, Sealed
from weft.problems import NotFound

CLOCK = "2026-01-01T00:00:00.000Z"


def delete(origin, id_: str, *, undo_seconds: int) -> record.Written:
    with origin.database.writing() as session:
        return record.delete(session, origin.us, "document", id_, Condition.ANY, undo_seconds=undo_seconds)


def undelete(origin, id_: str) -> record.Written:
    with origin.database.writing() as session:
        return record.undelete(session, origin.us, "document", id_)


def kept(origin) -> list[str]:
    with origin.database.reading() as session:
        return [row.id for row in session.exec(select(RemovedRow))]


def test_an_undeleted_record_is_what_it_was_at_a_new_version(origin):
    origin.admit("ece")
    put = origin.put("a", "text", "ece")
    origin.seal()
    origin.delete("a")
    back = undelete(origin, "a")
    origin.seal()
    assert back.version.number == put.version.number + 2
    assert origin.changes("ece") == [("put", "a", 1), ("put", "a", 3)]
    assert origin.bodies("ece") == ["text"]
    assert origin.changes("network") == []


def test_a_deletion_that_was_sealed_stays_and_nothing_of_the_record_does(origin):
    origin.put("a", "canary")
    origin.seal()
    origin.delete("a")
    assert kept(origin) == ["a"]
    origin.seal()
    assert kept(origin) == []
    with pytest.raises(Sealed):
        undelete(origin, "a")
    with pytest.raises(Deleted):
        origin.put("a", "again")


def test_a_record_can_be_deleted_and_undeleted_again_and_again(origin):
    origin.put("a", "text")
    for _ in range(2):
        delete(origin, "a", undo_seconds=60)
        undelete(origin, "a")
        assert kept(origin) == []
    origin.seal()
    assert origin.changes("network") == [("put", "a", 5)]


def test_only_what_was_deleted_can_be_undeleted(origin):
    with pytest.raises(NotFound):
        undelete(origin, "a")
    origin.put("a", "text")
    with pytest.raises(NotDeleted):
        undelete(origin, "a")


def test_a_record_that_was_never_sealed_is_undeleted_too(origin):
    origin.put("a", "text")
    origin.delete("a")
    undelete(origin, "a")
    origin.seal()
    assert origin.changes("network") == [("put", "a", 3)]


def test_a_deletion_is_sealed_no_earlier_than_its_time_and_no_later(origin):
    origin.put("a", "canary")
    origin.seal()
    delete(origin, "a", undo_seconds=60)
    for now, said in (("00:00", []), ("00:59", []), ("01:00", [("delete", "a", 2)])):
        origin.now = f"2026-01-01T00:{now}.000Z"
        origin.seal_due()
        assert origin.changes("network")[1:] == said
    assert kept(origin) == []


def test_what_waits_is_neither_served_nor_held_against_the_other_records(origin):
    origin.put("a", "canary")
    origin.seal()
    delete(origin, "a", undo_seconds=60)
    origin.put("b", "text")
    origin.seal_due()
    assert origin.page("network").commits == []  # rule 5: not now
    assert [row.audience for row in origin.own("a")] == [""]
    assert [row.body for row in origin.own("a")] == [None]
    with origin.database.reading() as session:
        assert seal.waiting(session) == 0
        names = [("document", "a"), ("document", "b")]
        assert removed.waiting(session, names) == [("document", "a")]


def test_a_reader_that_cannot_go_on_ends_the_wait(origin, reader):
    origin.put("a", "canary")
    origin.put("b", "text")
    origin.seal()
    delete(origin, "a", undo_seconds=60)
    delete(origin, "b", undo_seconds=60)
    undelete(origin, "b")
    origin.seal_due()
    assert reader.read(origin) == 0
    with origin.database.writing() as session:
        removed.release(session, CLOCK, [("document", "a")])
    origin.seal_due()
    reader.read(origin)
    assert reader.shown.texts == {"b": "text"}


def test_a_deletion_waits_through_a_restart(origin):
    origin.put("a", "text")
    origin.seal()
    delete(origin, "a", undo_seconds=60)
    origin.begin()
    origin.seal_due()
    assert kept(origin) == ["a"]
    undelete(origin, "a")
    origin.seal_due()
    assert origin.changes("network") == [("put", "a", 1), ("put", "a", 3)]
    assert origin.bodies("network") == ["text"]


def test_a_deletion_does_not_wait_longer_because_the_clock_went_back(origin):
    origin.put("a", "text")
    origin.seal()
    delete(origin, "a", undo_seconds=60)
    origin.now = "2025-01-01T00:00:00.000Z"
    origin.seal_due()
    assert origin.changes("network")[-1] == ("delete", "a", 2)


def test_an_undeleted_record_is_not_deleted_when_the_time_of_its_deletion_comes(origin):
    origin.put("a", "text")
    origin.seal()
    delete(origin, "a", undo_seconds=60)
    undelete(origin, "a")
    origin.now = "2026-01-01T01:00:00.000Z"
    origin.seal()
    assert origin.changes("network") == [("put", "a", 1), ("put", "a", 3)]


@pytest.mark.parametrize("coming", [True, False])
def test_no_deletion_waits_through_the_admission_or_removal_of_a_peer(origin, coming):
    origin.admit("ece")
    origin.put("a", "text", "ece")
    origin.seal()
    delete(origin, "a", undo_seconds=3600)
    if coming:
        origin.admit("escap")
    else:
        origin.remove("ece")
    assert origin.changes("ece")[-1] == ("delete", "a", 2)
    with pytest.raises(Sealed):
        undelete(origin, "a")

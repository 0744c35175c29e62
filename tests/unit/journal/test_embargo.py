"""Embargoes: local until a time, then what was wished for; whatever happens between."""

import pytest

from weft.journal import embargo, record, wishes
from weft.journal.record import Condition, Draft
from weft.journal.wishes import Wish

DUE = "2026-02-01T00:00:00.000Z"


def put(origin, *audience: str, public_from: str = DUE, text: str = "text") -> record.Written:
    with origin.database.writing() as session:
        draft = Draft("document", "a", text.encode(), audience or ("network",), public_from)
        return record.put(session, origin.us, draft, Condition.ANY)


def lift(origin, now: str) -> int:
    origin.now = now
    with origin.database.writing() as session:
        lifted = embargo.lift(session, origin.us)
    origin.seal()
    return len(lifted)


def wished(origin) -> Wish | None:
    with origin.database.reading() as session:
        return wishes.find(session, [("document", "a")]).get(("document", "a"))


def test_an_embargoed_record_stays_here_until_its_time(origin):
    done = put(origin)
    origin.seal()
    assert (done.audience, done.wish) == (("local",), Wish(("network",), DUE))
    assert lift(origin, "2026-01-31T23:59:59.999Z") == 0
    assert (origin.bodies("network"), origin.bodies("local")) == ([], ["text"])
    assert lift(origin, DUE) == 1
    assert (origin.bodies("network"), origin.bodies("local")) == (["text"], [])
    assert origin.changes("network") == [("put", "a", 2)]
    assert lift(origin, "2027-01-01T00:00:00.000Z") == 0


def test_what_came_due_while_nothing_ran_is_widened_at_the_next_look(origin):
    put(origin)
    origin.begin()
    assert lift(origin, "2031-01-01T00:00:00.000Z") == 1
    assert origin.bodies("network") == ["text"]


def test_a_clock_that_goes_back_shows_nothing_early_and_takes_nothing_back(origin):
    put(origin)
    assert lift(origin, "2020-01-01T00:00:00.000Z") == 0
    assert lift(origin, DUE) == 1
    assert lift(origin, "2020-01-01T00:00:00.000Z") == 0
    assert origin.bodies("network") == ["text"]


@pytest.mark.parametrize("when", ["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z"])
def test_a_time_that_has_passed_is_no_embargo(origin, when):
    assert put(origin, public_from=when).wish == Wish(("network",))
    origin.seal()
    assert origin.bodies("network") == ["text"]


def test_a_time_without_milliseconds_is_the_same_time(origin):
    assert put(origin, public_from="2026-02-01T00:00:00Z").wish.public_from == DUE


@pytest.mark.parametrize(
    ("audience", "later", "said"),
    [(("network",), "", ["now"]), (("local",), "", []), (("network",), "2026-03-01T00:00:00Z", [])],
)
def test_a_revision_before_the_time_says_anew_what_is_wished(origin, audience, later, said):
    put(origin)
    put(origin, *audience, public_from=later, text="now")
    origin.seal()
    assert lift(origin, DUE) == 0
    assert origin.bodies("network") == said


def test_a_deletion_ends_the_embargo_and_its_undoing_brings_it_back(origin):
    put(origin)
    origin.delete("a")
    assert wished(origin) is None
    with origin.database.writing() as session:
        record.undelete(session, origin.us, "document", "a")
    assert wished(origin) == Wish(("network",), DUE)
    assert lift(origin, DUE) == 1
    assert origin.bodies("network") == ["text"]


def test_an_embargo_that_ran_out_while_its_record_was_deleted_is_over_when_it_is_back(origin):
    put(origin)
    origin.delete("a")
    origin.now = "2026-02-01T00:00:01.000Z"
    with origin.database.writing() as session:
        record.undelete(session, origin.us, "document", "a")
    origin.seal()
    assert origin.bodies("network") == ["text"]


def test_a_peer_that_left_gets_nothing_when_the_time_comes_nor_does_who_follows_under_its_name(origin):
    origin.admit("ece", "a" * 32)
    origin.admit("escap", "b" * 32)
    put(origin, "ece", "escap")
    origin.remove("ece")
    assert wished(origin) == Wish(("escap",), DUE)
    origin.remove("escap")
    assert wished(origin) is None
    origin.admit("ece", "c" * 32)
    assert lift(origin, DUE) == 0
    assert origin.bodies("ece") == []

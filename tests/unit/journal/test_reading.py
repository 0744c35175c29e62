"""From an origin's journal to what a reader shows: once, in order, whatever comes twice, late or without its body."""

import pytest
from sqlmodel import select

from tests.unit.journal.conftest import KEY, KEYS, Reader
from weft.inbox import backfill, refusals
from weft.inbox.apply import fill, overdue
from weft.inbox.effects import Rejected
from weft.inbox.models import ParkedRow, QuarantineRow
from weft.inbox.moment import Moment
from weft.inbox.settle import Inbox
from weft.journal import seal
from weft.log import feeds, serve, snapshot
from weft.protocol import frames
from weft.protocol.guard import Guard
from weft.protocol.names import Feed
from weft.protocol.refusals import Gap, Withheld, WrongDigest
from weft.protocol.snapshots import open_answer, open_manifest, open_segment


def test_a_reader_shows_what_the_origin_sealed(origin, reader):
    origin.put("a", "one")
    origin.put("b", "two")
    origin.seal()
    origin.delete("a")
    origin.put("b", "three")
    origin.seal()
    reader.read(origin)
    assert reader.shown.texts == {"b": "three"}


def test_a_commit_that_comes_again_has_no_second_effect(origin, reader):
    origin.put("a", "one")
    origin.seal()
    reader.read(origin)
    calls = reader.shown.calls
    assert reader.apply(origin.us.feed("network"), origin.page("network").commits[0].to_bytes()) == "seen"
    assert reader.shown.calls == calls


def test_a_missing_commit_is_noticed_and_nothing_of_the_later_one_is_applied(origin, reader):
    for text in ("one", "two"):
        origin.put(text, text)
        origin.seal()
    with pytest.raises(Gap):
        reader.apply(origin.us.feed("network"), origin.page("network").commits[1].to_bytes())
    assert reader.shown.texts == {}


def test_a_copy_that_was_altered_is_noticed_at_the_next_commit(origin, reader):
    origin.put("a", "one")
    origin.seal()
    reader.read(origin)
    with reader.database.writing() as session:
        row = feeds.find(session, origin.us.feed("network"))
        row.digest = feeds.EMPTY
    origin.put("b", "two")
    origin.seal()
    with pytest.raises(WrongDigest):
        reader.read(origin)
    assert reader.shown.texts == {"a": "one"}


def test_the_order_between_feeds_does_not_matter(origin):
    origin.admit("ece")
    origin.put("a", "for one", "ece")
    origin.seal()
    origin.put("a", "for all")
    origin.seal()
    for order in (("network", "ece"), ("ece", "network")):
        reader = Reader()
        for audience in order:
            reader.read(origin, audience)
        assert (reader.shown.texts, reader.shown.public) == ({"a": "for all"}, {"a": True})


def test_losing_the_right_to_a_record_loses_the_record_and_its_bytes(origin, reader):
    origin.put("a", "canary")
    origin.seal()
    reader.read(origin)
    origin.put("a", "canary", "local")
    origin.seal()
    reader.read(origin)
    assert reader.shown.texts == {}
    with reader.database.reading() as session:
        assert (
            feeds.all_entries(session, feeds.find(session, origin.us.feed("network")))["document", "a"].op == "withdraw"
        )
        assert not list(session.connection().exec_driver_sql("select 1 from ledger where body is not null"))


def test_a_snapshot_gives_a_newcomer_what_is_held_and_nothing_of_what_ended(origin, reader):
    origin.put("gone", "canary")
    origin.put("kept", "text")
    origin.seal()
    origin.delete("gone")
    origin.seal()
    take_over(origin, reader)
    assert reader.shown.texts == {"kept": "text"}
    with reader.database.reading() as session:
        assert set(feeds.all_entries(session, feeds.find(session, origin.us.feed("network")))) == {("document", "kept")}
    origin.put("later", "text")
    origin.seal()
    reader.read(origin)
    assert set(reader.shown.texts) == {"kept", "later"}


def test_a_snapshot_ends_what_a_returning_reader_holds_and_it_lacks(origin, reader):
    origin.put("a", "one")
    origin.put("b", "two")
    origin.seal()
    reader.read(origin)
    origin.delete("a")
    origin.seal()
    take_over(origin, reader)
    assert reader.shown.texts == {"b": "two"}


def take_over(origin, reader) -> None:
    feed = origin.us.feed("network")
    with origin.database.writing() as session:
        manifest = open_manifest(frames.parse(snapshot.take(session, feed, KEY)), feed=feed, keys=KEYS).manifest
    held = set()
    moment = Moment("", 0.0, manifest.sequence)
    for hash_ in manifest.segments:
        with origin.database.reading() as session:
            raw, _ = snapshot.segment(session, feed, hash_, bodies=seal.current_bodies, key=KEY)
        segment = open_segment(frames.parse(raw), feed=feed, expected=hash_)
        held.update(change.name for change in segment.entries)
        with reader.database.writing() as session:
            row = feeds.found_or_opened(session, feed)
            backfill.stage(session, reader.inbox, row, segment, manifest, moment=moment)
    with reader.database.writing() as session:
        row = feeds.found_or_opened(session, feed)
        backfill.finish(session, reader.inbox, row, manifest, held, sealed_at="", moment=moment)


def without_bodies(origin, reader, head_sequence: int) -> Feed:
    """The reader applies the first commit as a relay would give it that kept the body back."""
    commit = origin.page("network").commits[0]
    feed = origin.us.feed("network")
    reader.apply(feed, commit._replace(bodies={}).to_bytes(), head_sequence)
    return feed


def test_a_body_that_is_missing_and_not_superseded_is_asked_for_again(origin, reader):
    origin.put("a", "text")
    origin.seal()
    feed = without_bodies(origin, reader, 1)
    assert reader.shown.texts == {}
    with reader.database.reading() as session:
        wanted = overdue(session, feeds.find(session, feed))
    with origin.database.reading() as session:
        raw, head = serve.asked(session, feed, wanted, bodies=seal.current_bodies, key=KEY)
    given = open_answer(frames.parse(raw), feed=feed, asked=wanted)
    with reader.database.writing() as session:
        fill(
            session, reader.inbox, feeds.find(session, feed), wanted, given, moment=Moment("", 0.0, head.head.sequence)
        )
    assert reader.shown.texts == {"a": "text"}


def test_an_origin_that_keeps_a_current_body_back_is_found_out(origin, reader):
    origin.put("a", "text")
    origin.seal()
    feed = without_bodies(origin, reader, 1)
    with reader.database.reading() as session:
        wanted = overdue(session, feeds.find(session, feed))
    with pytest.raises(Withheld), reader.database.writing() as session:
        fill(session, reader.inbox, feeds.find(session, feed), wanted, {}, moment=Moment("", 0.0, 1))


def test_a_body_that_a_later_change_supersedes_is_not_owed(origin, reader):
    origin.put("a", "old")
    origin.seal()
    origin.put("a", "new")
    origin.seal()
    feed = without_bodies(origin, reader, 2)
    with reader.database.reading() as session:
        assert overdue(session, feeds.find(session, feed)) == []
    reader.read(origin)
    assert reader.shown.texts == {"a": "new"}


def test_asking_for_what_a_feed_never_held_is_answered_with_nothing(origin):
    origin.put("secret", "canary", "local")
    origin.put("shared", "text")
    origin.seal()
    wanted = [change for commit in origin.page("local").commits for change in commit.header.changes]
    with origin.database.reading() as session:
        raw, _ = serve.asked(session, origin.us.feed("network"), wanted, bodies=seal.current_bodies, key=KEY)
    assert open_segment(frames.parse(raw), feed=origin.us.feed("network"), expected=None).entries == []
    assert b"secret" not in raw


def test_a_record_that_cannot_be_shown_waits_in_quarantine_and_the_feed_moves_on(origin):
    class Picky:
        def __init__(self):
            self.texts = {}

        def show(self, session, shows):
            self.texts.update({item.key.id: item.body for item in shows if item.body != b"bad"})
            return [Rejected(item.key, item.version, "not for me") for item in shows if item.body == b"bad"]

        def hide(self, session, keys):
            for key in keys:
                self.texts.pop(key.id, None)

    picky = Picky()
    reader = Reader(Inbox(picky))
    origin.put("a", "bad")
    origin.put("b", "good")
    origin.seal()
    reader.read(origin)
    assert set(picky.texts) == {"b"}
    with reader.database.reading() as session:
        assert [(row.id, row.reason) for row in session.exec(select(QuarantineRow))] == [("a", "not for me")]
    origin.put("a", "mended")
    origin.seal()
    reader.read(origin)
    assert set(picky.texts) == {"a", "b"}
    with reader.database.reading() as session:
        assert session.exec(select(QuarantineRow)).all() == []


def test_unusually_many_deletions_stay_shown_until_a_later_version_comes(origin):
    reader = Reader()
    reader.inbox = Inbox(reader.shown, guard=Guard(share=0.1, floor=2))
    for id_ in "abcd":
        origin.put(id_, id_)
    origin.seal()
    reader.read(origin)
    for id_ in "abc":
        origin.delete(id_)
    origin.seal()
    reader.read(origin)
    assert set(reader.shown.texts) == set("abcd")
    with reader.database.reading() as session:
        assert {row.id for row in session.exec(select(ParkedRow))} == set("abc")
        row = feeds.find(session, origin.us.feed("network"))
        assert feeds.recount(session, row).count == 1


def test_a_few_deletions_pass_the_guard_at_once(origin):
    reader = Reader()
    reader.inbox = Inbox(reader.shown, guard=Guard(share=0.1, floor=2))
    for id_ in "abcd":
        origin.put(id_, id_)
    origin.seal()
    reader.read(origin)
    origin.delete("a")
    origin.seal()
    reader.read(origin)
    assert set(reader.shown.texts) == set("bcd")


def test_the_newest_refusals_of_a_feed_are_kept_and_older_ones_forgotten(reader):
    feed = Feed("eca", "catalog", "network")
    with reader.database.writing() as session:
        for at in range(refusals.KEPT + 5):
            refusals.note(session, feed, "malformed", f"number {at}", "2026-01-01T00:00:00.000Z")
    with reader.database.reading() as session:
        listed = refusals.listed(session, feed)
    assert len(listed) == refusals.KEPT
    assert listed[0].why == f"number {refusals.KEPT + 4}"

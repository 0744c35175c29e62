"""Takedowns: one transaction takes the record away and says why, here and at peers; taking it back takes back both."""

import msgspec
import pytest
from sqlmodel import select

from tests.service.records.notes import OURS, PEER, SHELVES, TAKEDOWNS, US, Desk, follow
from weft.inbox.effects import Show
from weft.journal import record, seal
from weft.journal.models import OwnRow
from weft.journal.record import Deleted, Sealed
from weft.log import serve
from weft.problems import Invalid, NotFound, Stale
from weft.protocol.names import START, Feed, Key, Version
from weft.records import answers, takedown
from weft.records.preconditions import Precondition
from weft.records.rows import Shelf
from weft.records.sight import SIGHTS, Sight
from weft.records.takedown import TakedownIn, TakenDown


def find(desk: Desk, id_: str, sight: Sight, origin: str = US) -> dict[str, object]:
    rows, visible = SHELVES["note"]
    with desk.database.reading() as session:
        answer = answers.find(session, Shelf(rows, visible), Key(origin, "note", id_), sight)
    return msgspec.json.decode(answer.data, type=dict[str, object])


def sealed(desk: Desk, audience: str) -> list[tuple[str, str, str]]:
    """What a feed says: (op, kind, id)."""
    with desk.database.writing() as session:
        seal.seal_all(session, desk.us)
    with desk.database.reading() as session:
        feed = Feed(US, "notes", audience)
        page = serve.page(session, feed, START, since=0, bodies=seal.current_bodies, key=desk.us.key)
        return [(change.op, change.kind, change.id) for commit in page.commits for change in commit.header.changes]


def test_a_record_that_was_taken_down_is_gone_and_says_why(desk: Desk) -> None:
    desk.put("a", "text", "network")
    desk.take_down("a", "It names a person.")
    for sight in SIGHTS:
        with pytest.raises(TakenDown) as gone:
            find(desk, "a", sight)
        assert gone.value.extra == {"reason": "It names a person.", "taken_down_at": desk.at(0)}
    assert sealed(desk, "network") == [("put", TAKEDOWNS.kind, "a")]


def test_peers_are_told_of_the_deletion_and_then_of_the_reason(desk: Desk) -> None:
    desk.put("a", "text", "network")
    sealed(desk, "network")
    desk.take_down("a", "It names a person.")
    assert sealed(desk, "network")[1:] == [("delete", "note", "a"), ("put", TAKEDOWNS.kind, "a")]


@pytest.mark.parametrize(("audience", "reasons"), [("local", 2), (PEER, 2), ("network", 3)])
def test_the_reason_is_for_those_who_could_read_the_record(desk: Desk, audience: str, reasons: int) -> None:
    desk.admit()
    desk.put("a", "text", audience)
    desk.take_down("a", "It names a person.")
    with pytest.raises(TakenDown if audience == "network" else NotFound):
        find(desk, "a", Sight.PUBLIC)
    with pytest.raises(TakenDown):
        find(desk, "a", Sight.STAFF)
    assert sum(f"{US}/{TAKEDOWNS.kind}/a" in desk.shelf(sight) for sight in SIGHTS) == reasons
    assert sealed(desk, "network") == ([("put", TAKEDOWNS.kind, "a")] if audience == "network" else [])


def test_what_was_embargoed_stays_unheard_of_when_its_time_comes(desk: Desk) -> None:
    desk.put("a", "text", "network", hours=1)
    desk.take_down("a", "It names a person.")
    desk.hour += 2
    desk.lift()
    with pytest.raises(NotFound):
        find(desk, "a", Sight.PUBLIC)


def test_a_draft_is_not_taken_down(desk: Desk) -> None:
    desk.put("a", "text", "local", draft=True)
    with pytest.raises(Invalid):
        desk.take_down("a", "It names a person.")
    assert find(desk, "a", Sight.EDITORS)["text"] == "text"


def test_a_takedown_that_is_refused_changes_nothing(desk: Desk) -> None:
    desk.put("a", "text", "network")
    old = Precondition(match=frozenset({"1.00000000.9"}))
    with pytest.raises(Stale), desk.database.writing() as session:
        TAKEDOWNS.take_down(session, desk.us, "a", "It names a person.", old)
    with pytest.raises(NotFound):
        desk.take_down("b", "It names a person.")
    assert find(desk, "a", Sight.PUBLIC)["text"] == "text"


def test_taking_it_back_brings_the_record_and_ends_the_reason(desk: Desk) -> None:
    desk.put("a", "text", "network")
    for _ in range(2):
        desk.take_down("a", "It names a person.")
        desk.undelete("a")
        assert find(desk, "a", Sight.PUBLIC)["text"] == "text"
        assert set(desk.shelf(Sight.EDITORS)) == {f"{US}/note/a"}
    desk.take_down("a", "It names a person.")
    sealed(desk, "network")
    with pytest.raises(Sealed):
        desk.undelete("a")
    with pytest.raises(TakenDown):
        find(desk, "a", Sight.PUBLIC)


def test_a_key_that_was_taken_down_is_not_used_again(desk: Desk) -> None:
    desk.put("a", "text", "network")
    desk.take_down("a", "It names a person.")
    with desk.database.writing() as session:
        assert isinstance(OURS.refused(session, desk.us, {"a": ("network",)})["a"], Deleted)
        with pytest.raises(Deleted):
            record.put_many(session, desk.us, [record.Draft("note", "a", b"{}", ("network",))])


def test_a_peers_takedown_is_told_here_with_what_this_node_does_not_know_of_it(desk: Desk) -> None:
    body = b'{"reason":"A court said so.","taken_down_at":"2026-01-01T00:00:00Z","court":"the first"}'
    key = Key(PEER, TAKEDOWNS.kind, "a")
    with desk.database.writing() as session:
        assert TAKEDOWNS.projection.show(session, [Show(key, Version(desk.us.epoch, 1), body, True)]) == []
    with pytest.raises(TakenDown) as gone:
        find(desk, "a", Sight.PUBLIC, PEER)
    assert gone.value.extra["reason"] == "A court said so."
    assert b'"court":"the first"' in desk.shelf(Sight.PUBLIC)[str(key)]
    with desk.database.writing() as session:
        TAKEDOWNS.projection.hide(session, [key])
    with pytest.raises(NotFound):
        find(desk, "a", Sight.PUBLIC, PEER)


@pytest.mark.parametrize("body", [b"{}", b'{"reason":"","taken_down_at":"2026-01-01T00:00:00Z"}', b"[]", b"\xff"])
def test_a_peers_takedown_that_says_nothing_waits_in_quarantine(desk: Desk, body: bytes) -> None:
    with desk.database.writing() as session:
        key = Key(PEER, TAKEDOWNS.kind, "a")
        assert len(TAKEDOWNS.projection.show(session, [Show(key, Version(desk.us.epoch, 1), body, True)])) == 1


@pytest.mark.parametrize("tree", [{}, {"reason": ""}, {"reason": "x" * 2_001}, {"reason": "x", "by": "me"}])
def test_a_reason_is_said_in_words_and_nothing_besides(tree: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        TakedownIn.parse(tree)


def test_what_the_journal_alone_knows_of_takedowns_is_followed(desk: Desk) -> None:
    desk.put("a", "text", "network")
    desk.take_down("a", "It names a person.")
    before = desk.shelf(Sight.EDITORS)
    with desk.database.writing() as session:
        rows = session.exec(select(OwnRow)).all()
        takedown.Takedowns(OURS).own.hide(session, [Key(US, row.kind, row.id) for row in rows if row.audience])
        while follow(session, desk.us):
            pass
    assert desk.shelf(Sight.EDITORS) == before

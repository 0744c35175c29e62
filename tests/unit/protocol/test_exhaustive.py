"""Small cases, all of them, against an oracle that was written from the texts of the rules and knows no other code.

The oracle lives a record's life: an editor gives it audiences and deletes it, each step writes one version to the
feeds concerned, and readers come to any point of any feed. What they show is compared with what the editor meant.
"""

from itertools import product

import pytest

from tests.unit.protocol.build import FIRST, SECOND, THIRD, Origin, put
from weft.protocol.holds import Parked, Shown, due, shown
from weft.protocol.ledger import Entry, advance
from weft.protocol.names import LOCAL, NETWORK, START, Cursor, Version
from weft.protocol.receiver import Place, place
from weft.protocol.recovery import recovered
from weft.protocol.refusals import Beyond, Fork, Gap
from weft.protocol.statements import Change

PEERS = ("eca", "ece")
AUDIENCES = ((LOCAL,), (NETWORK,), ("eca",), ("ece",), ("eca", "ece"))
FEEDS = (NETWORK, *PEERS)
DELETED = ()


def lives(steps):
    """Every life of a record: the audience after each step; a deletion ends it."""
    for life in product((*AUDIENCES, DELETED), repeat=steps):
        if life[0] != DELETED and all(one != DELETED for one in life[:-1]):
            yield life


def wanted_in(audience, feed):
    return audience == (NETWORK,) if feed == NETWORK else feed in audience


def written(life):
    """Per feed, what the life of one record seals there: (op, number) in order."""
    logs = {feed: [] for feed in FEEDS}
    for number, audience in enumerate(life, 1):
        for feed, log in logs.items():
            if wanted_in(audience, feed):
                log.append(("put", number))
            elif log and log[-1][0] == "put":
                log.append(("delete" if audience == DELETED else "withdraw", number))
    return logs


def entry_of(log):
    """The ledger's entry after a log, by the product's own `advance`."""
    entry = None
    for op, number in log:
        change = Change(op, "document", "a", str(Version(FIRST, number)), "a" * 64 if op == "put" else "", 1)
        entry = advance(change.name, entry, change, present=True)
    return entry


def shown_after(logs):
    found = shown({feed: entry for feed, log in logs.items() if (entry := entry_of(log))})
    return found and found.version.number


@pytest.mark.parametrize("peer", PEERS)
def test_a_reader_of_both_its_feeds_shows_just_what_the_editor_meant_it_to_have(peer):
    for steps in (1, 2, 3, 4):
        for life in lives(steps):
            logs = written(life)
            meant = steps if wanted_in(life[-1], NETWORK) or wanted_in(life[-1], peer) else None
            assert shown_after({feed: logs[feed] for feed in (NETWORK, peer)}) == meant


@pytest.mark.parametrize("peer", PEERS)
def test_changes_of_audience_commute_between_feeds_and_nothing_comes_back_on_the_way(peer):
    for life in lives(4):
        logs = {feed: log for feed, log in written(life).items() if feed in (NETWORK, peer)}
        for read in product(*(range(len(log) + 1) for log in logs.values())):
            seen = {feed: log[:upto] for (feed, log), upto in zip(logs.items(), read, strict=True)}
            known = max((number for log in seen.values() for _, number in log), default=None)
            puts = {number for log in seen.values() for op, number in log[-1:] if op == "put"}
            assert shown_after(seen) == (known if known in puts else None)


def test_the_feeds_that_hold_a_record_are_those_that_it_is_due_in():
    for life in lives(3):
        assert {feed for feed, log in written(life).items() if log and log[-1][0] == "put"} == {
            feed for feed in FEEDS if due(life[-1], feed)
        }


def test_whatever_feeds_a_restored_origin_hears_it_never_widens_what_an_editor_decided():
    for life in lives(3):
        logs = written(life)
        for read in product(*(range(len(log) + 1) for log in logs.values())):
            heard = {feed: e for (feed, log), n in zip(logs.items(), read, strict=True) if (e := entry_of(log[:n]))}
            for ours in (None, *range(1, 4)):
                found = recovered(heard, None if ours is None else Version(FIRST, ours))
                newest = max((entry.version.number for entry in heard.values()), default=0)
                if newest <= (ours or 0):
                    assert found is None
                    continue
                assert found is not None
                then = life[newest - 1]
                assert found.version.number == newest
                assert set(found.audience) <= {LOCAL} | set(then) or then == (NETWORK,)
                assert (found.audience == DELETED) == (then == DELETED)
                if len(heard) == len([log for log in logs.values() if log]) and read == tuple(map(len, logs.values())):
                    assert found.audience in (then, (LOCAL,))


def test_two_entries_of_any_kind_show_what_the_rules_say():
    """Rules 2 and 4, read literally, over every pair of entries and every parking."""
    kinds = [("put", True), ("put", False), ("withdraw", False), ("delete", False)]
    one_feed = [None, *((op, number, present) for op, present in kinds for number in (1, 2, 3))]
    for first, second in product(one_feed, repeat=2):
        known = [(feed, *entry) for feed, entry in (("network", first), ("eca", second)) if entry]
        entries = {feed: Entry(op, Version(FIRST, number), "h", 1, present) for feed, op, number, present in known}
        for parked_at in (None, 2, 3):
            parked = parked_at and Parked(
                Version(FIRST, parked_at), Shown(Version(FIRST, 1), "h", frozenset({"network"}))
            )
            found = shown(entries, parked or None)
            if parked_at and not any(number > parked_at for _, _, number, _ in known):
                assert found is not None
                assert (found.version.number, found.parked) == (1, True)
                continue
            readable = [
                number
                for _, op, number, present in known
                if op == "put" and present and not any(other > number for _, _, other, _ in known)
            ]
            assert (found and found.version.number) == (max(readable) if readable else None)


def branches():
    """An origin's lives: a first one, one that a backup from its middle began, and one that began from that."""
    first = Origin()
    for at in range(4):
        first.commit(put(f"a{at}", 1))
    for kept in range(5):
        second = first.restored(kept, SECOND)
        for at in range(3):
            second.commit(put(f"b{at}", 1, epoch=SECOND))
        yield first, second
        for kept_again in range(len(second.commits) + 1):
            third = second.restored(kept_again, THIRD)
            for at in range(3):
                third.commit(put(f"c{at}", 1, epoch=THIRD))
            yield first, third
            yield second, third
        for kept_again in range(5):
            sibling = first.restored(kept_again, THIRD)
            for at in range(3):
                sibling.commit(put(f"d{at}", 1, epoch=THIRD))
            yield second, sibling


def test_every_commit_has_its_one_place_for_a_reader_anywhere_on_any_branch():
    """By ancestry: what leads to the reader was seen, what follows it is next, and elsewhere there is a gap or a fork."""
    told = set()
    for old, new in branches():
        for stop in range(len(old.commits) + 1):
            behind = old.commits[:stop]
            cursor = behind[-1].cursor if behind else START
            on_branch = new.commits[:stop] == behind
            for at, commit in enumerate(new.commits):
                told.add(expect(cursor, commit, behind, on_branch=on_branch, follows=on_branch and at == stop))
    assert told == {"seen", "next", "gap", "beyond"}


def expect(cursor, commit, behind, *, on_branch, follows):
    if follows:
        assert place(cursor, commit) is Place.NEXT
        return "next"
    if commit in behind:
        assert place(cursor, commit) is Place.SEEN
        return "seen"
    if on_branch:
        with pytest.raises(Gap):
            place(cursor, commit)
        return "gap"
    if commit.cursor[:2] < cursor[:2]:
        assert place(cursor, commit) is Place.SEEN
        return "seen"
    opens = commit.header.opens
    far = commit.header.sequence > cursor.sequence + 1 and (opens is None or opens.cursor.epoch >= cursor.epoch)
    with pytest.raises(Gap if far else Beyond):
        place(cursor, commit)
    return "gap" if far else "beyond"


def test_a_reader_off_the_branch_that_pulls_the_whole_of_it_is_always_told_beyond():
    for old, new in branches():
        for stop in range(1, len(old.commits) + 1):
            cursor: Cursor = old.commits[stop - 1].cursor
            if new.commits[:stop] == old.commits[:stop]:
                continue
            answers = []
            for commit in new.commits:
                try:
                    answers.append(place(cursor, commit))
                except (Beyond, Gap, Fork) as refusal:
                    answers.append(type(refusal))
            assert Place.NEXT not in answers
            assert Fork not in answers
            assert Beyond in answers

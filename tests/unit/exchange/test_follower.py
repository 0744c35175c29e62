"""Following a feed: what comes is applied, what is wrong is refused and shown, and nothing hangs."""

from sqlmodel import select

from tests.unit.exchange.conftest import Copy, Relay
from tests.unit.journal.conftest import KEY
from weft.exchange.states import TRANSITIONS, State
from weft.inbox.models import RefusalRow
from weft.log import feeds
from weft.protocol import commits
from weft.protocol.digest import Digest


def refused(copy) -> list[str]:
    with copy.database.reading() as session:
        return [row.code for row in session.exec(select(RefusalRow))]


async def test_a_follower_pulls_to_the_head_and_says_that_it_is_equal(holder, copy):
    for at in range(3):
        holder.put(f"d{at}", "text")
        holder.seal()
    copy.start()
    await copy.until(lambda: len(copy.shown.texts) == 3 and copy.follower.progress.equal_at is not None)
    progress = copy.follower.progress
    assert (progress.state, progress.behind, progress.behind_changes) == (State.LIVE, 0, 0)


async def test_what_is_sealed_later_arrives_without_a_hint(holder, copy):
    copy.start()
    await copy.until(lambda: copy.follower.progress.state is State.LIVE)
    holder.put("late", "text")
    holder.seal()
    await copy.until(lambda: "late" in copy.shown.texts)


async def test_a_follower_without_hints_asks_with_a_long_poll(holder, tmp_path):
    copy = Copy(holder, tmp_path, hinted=False)
    copy.start()
    await copy.until(lambda: copy.follower.progress.state is State.LIVE)
    holder.put("late", "text")
    holder.seal()
    await copy.until(lambda: "late" in copy.shown.texts)
    await copy.stop()


async def test_a_frame_from_the_broker_is_applied_without_asking(holder, copy):
    copy.start()
    await copy.until(lambda: copy.follower.progress.state is State.LIVE)
    holder.put("a", "text")
    holder.seal()
    frame = holder.page("network").commits[0].to_bytes()
    holder.down = True
    copy.follower.offer(frame)
    await copy.until(lambda: copy.shown.texts == {"a": "text"})


async def test_a_later_frame_from_the_broker_makes_the_gap_be_pulled(holder, copy):
    copy.start()
    await copy.until(lambda: copy.follower.progress.state is State.LIVE)
    for id_ in "ab":
        holder.put(id_, "text")
        holder.seal()
    copy.follower.offer(holder.page("network").commits[1].to_bytes())
    await copy.until(lambda: set(copy.shown.texts) == {"a", "b"})
    assert refused(copy) == []


async def test_a_flipped_byte_is_refused_shown_and_fetched_again(holder, copy):
    copy.start()
    await copy.until(lambda: copy.follower.progress.state is State.LIVE)
    holder.put("a", "text")
    holder.seal()
    frame = bytearray(holder.page("network").commits[0].to_bytes())
    frame[len(frame) // 2] ^= 1
    copy.follower.offer(bytes(frame))
    await copy.until(lambda: copy.shown.texts == {"a": "text"} and copy.follower.progress.state is State.LIVE)
    assert refused(copy) in (["malformed"], [])
    copy.follower.offer(bytes(frame))
    await copy.until(lambda: "malformed" in refused(copy))


async def test_a_cut_wire_is_unreachable_and_heals_by_itself(holder, copy):
    holder.down = True
    copy.start()
    await copy.until(lambda: copy.follower.progress.state is State.UNREACHABLE)
    assert copy.follower.progress.behind is None
    holder.put("a", "text")
    holder.seal()
    holder.down = False
    copy.follower.nudge()
    await copy.until(lambda: copy.shown.texts == {"a": "text"} and copy.follower.progress.state is State.LIVE)


async def test_a_feed_that_is_not_for_us_is_unreachable_and_says_why(holder, copy):
    holder.hidden = True
    copy.start()
    await copy.until(lambda: copy.follower.progress.state is State.UNREACHABLE)
    assert "404" in copy.follower.progress.why


async def test_the_first_read_of_a_feed_is_a_snapshot_when_commits_came_before(holder, copy):
    holder.put("before", "text")
    holder.put("gone", "canary")
    holder.seal()
    holder.delete("gone")
    holder.seal()
    holder.since = 2
    copy.start()
    await copy.until(lambda: copy.shown.texts == {"before": "text"})
    holder.put("after", "text")
    holder.seal()
    await copy.until(lambda: set(copy.shown.texts) == {"before", "after"} and copy.follower.progress.count == 2)
    with copy.database.reading() as session:
        row = feeds.find(session, holder.us.feed("network"))
        assert set(feeds.all_entries(session, row)) == {("document", "before"), ("document", "after")}


async def test_an_old_answer_that_is_sent_again_is_noticed_and_never_taken_for_news(holder, copy):
    holder.put("a", "text")
    holder.seal()
    holder.relay = Relay()
    copy.start()
    await copy.until(lambda: "replayed" in refused(copy))
    equal_at = copy.follower.progress.equal_at
    holder.put("b", "text")
    holder.seal()
    copy.follower.nudge()
    await copy.until(lambda: copy.follower.progress.state is State.DESYNCHRONISED)
    assert "b" not in copy.shown.texts
    assert copy.follower.progress.equal_at == equal_at
    holder.relay = None
    copy.follower.nudge()
    await copy.until(lambda: set(copy.shown.texts) == {"a", "b"} and copy.follower.progress.state is State.LIVE)


async def test_a_fork_stops_the_line_and_keeps_the_last_good_state(holder, copy):
    holder.put("a", "text")
    holder.seal()
    copy.start()
    await copy.until(lambda: copy.shown.texts == {"a": "text"})
    first = holder.page("network").commits[0]
    forged = commits.seal(
        feed=holder.us.feed("network"),
        epoch=holder.us.epoch,
        after=first.cursor._replace(sequence=0, hash="", epoch=0),
        position=0,
        changes=[],
        bodies={},
        digest=Digest().hex,
        key=KEY,
        sealed_at="2026-01-01T00:00:00.000Z",
    )
    copy.follower.offer(forged.to_bytes())
    await copy.until(lambda: "fork" in refused(copy))
    assert copy.shown.texts == {"a": "text"}


async def test_an_altered_copy_is_noticed_and_the_line_stops(holder, copy):
    holder.put("a", "text")
    holder.seal()
    copy.start()
    await copy.until(lambda: copy.shown.texts == {"a": "text"})
    with copy.database.writing() as session:
        feeds.find(session, holder.us.feed("network")).digest = feeds.EMPTY
    holder.put("b", "text")
    holder.seal()
    await copy.until(lambda: copy.follower.progress.state is State.DESYNCHRONISED)
    assert "wrong-digest" in copy.follower.progress.why
    assert copy.shown.texts == {"a": "text"}


async def test_a_follower_goes_on_from_its_cursor_after_a_restart(holder, tmp_path):
    holder.put("a", "text")
    holder.seal()
    first = Copy(holder, tmp_path)
    first.start()
    await first.until(lambda: first.shown.texts == {"a": "text"})
    await first.stop()
    holder.put("b", "text")
    holder.seal()
    second = Copy(holder, tmp_path)
    second.start()
    await second.until(lambda: second.shown.texts == {"b": "text"})
    await second.stop()


def test_every_state_has_its_transitions_and_none_leads_nowhere_known():
    assert set(TRANSITIONS) == set(State)
    assert TRANSITIONS[State.RETIRED] == frozenset()
    assert all(state not in after for state, after in TRANSITIONS.items())

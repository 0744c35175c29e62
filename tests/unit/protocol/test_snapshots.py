"""Snapshots: segments are what the manifest names, the manifest is what the origin signed, together they are the feed."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.protocol.build import FEED, FIRST, KEY, KEYS, Edit, Origin, Reader, delete, put, withdraw
from weft.protocol import frames
from weft.protocol.digest import Digest
from weft.protocol.frames import Frame
from weft.protocol.ledger import Entry
from weft.protocol.limits import BODIES_PER_COMMIT_BYTES, BODY_BYTES, ENTRIES_PER_SEGMENT, SEGMENTS_PER_MANIFEST
from weft.protocol.names import START, Feed, Version
from weft.protocol.refusals import BadBody, BadSignature, ForeignFeed, Incompatible, Malformed, Oversize, WrongDigest
from weft.protocol.signing import SigningKey
from weft.protocol.snapshots import (
    MANIFEST,
    SignedManifest,
    check_whole,
    open_answer,
    open_manifest,
    open_segment,
    segment_frame,
    segment_hash,
    segments,
    state_manifest,
)
from weft.protocol.statements import Change, Segment

OTHER_FEED = Feed.parse("ece/catalog/network")


def manifest_of(origin: Origin) -> tuple[SignedManifest, list[bytes]]:
    parts = list(segments(origin.feed, origin.puts))
    return (
        state_manifest(
            feed=origin.feed,
            epoch=origin.epoch,
            at=origin.cursor,
            position=origin.position,
            digest=origin.digest,
            hashes=[segment_hash(part) for part in parts],
            key=KEY,
        ),
        parts,
    )


def a_feed() -> Origin:
    origin = Origin()
    origin.commit(put("b", 1), put("a", 1), put("c", 1))
    origin.commit(withdraw("c", 2), put("a", 2, "newer"))
    return origin


def test_a_manifest_opens_as_it_was_stated():
    signed, _ = manifest_of(a_feed())
    assert open_manifest(frames.parse(signed.to_bytes()), feed=FEED, keys=KEYS) == signed
    assert signed.manifest.cursor == a_feed().cursor
    empty, parts = manifest_of(Origin())
    assert (empty.manifest.cursor, empty.manifest.epoch, parts) == (START, str(FIRST), [])
    assert open_manifest(frames.parse(empty.to_bytes()), feed=FEED, keys=KEYS) == empty


def test_a_segment_opens_with_the_bodies_that_came():
    origin = a_feed()
    _, (part,) = manifest_of(origin)
    bodies = {0: put("a", 2, "newer").body, 1: put("b", 1).body}
    for some in (bodies, {1: bodies[1]}, {}):
        frame = frames.parse(segment_frame(part, some))
        assert open_segment(frame, feed=FEED, expected=segment_hash(part)) == (origin.puts, some)


def test_a_segment_that_the_manifest_does_not_name_is_refused():
    _, (part,) = manifest_of(a_feed())
    with pytest.raises(Malformed):
        open_segment(Frame(frames.SEGMENT, part, frames.UNSIGNED, b""), feed=FEED, expected="a" * 64)


def test_a_manifest_by_a_stranger_of_another_feed_kind_or_purpose_is_refused():
    signed, _ = manifest_of(a_feed())
    frame = frames.parse(signed.to_bytes())
    stranger = SigningKey(bytes(32))
    for wrong in (stranger.sign(MANIFEST, signed.raw), KEY.sign("head", signed.raw)):
        with pytest.raises(BadSignature):
            open_manifest(frame._replace(signature=wrong), feed=FEED, keys=KEYS)
    with pytest.raises(ForeignFeed):
        open_manifest(frame, feed=OTHER_FEED, keys=KEYS)
    for other in (frame._replace(kind=frames.HEAD), frame._replace(payload=b"x")):
        with pytest.raises(Malformed):
            open_manifest(other, feed=FEED, keys=KEYS)


def test_a_manifest_before_the_first_commit_holds_nothing():
    signed, _ = manifest_of(Origin())
    raw = msgspec.json.encode(msgspec.structs.replace(signed.manifest, count=1))
    with pytest.raises(Malformed):
        open_manifest(Frame(frames.MANIFEST, raw, KEY.sign(MANIFEST, raw), b""), feed=FEED, keys=KEYS)


def raw_segment(*entries: Change, feed: str = str(FEED)) -> bytes:
    return msgspec.json.encode(Segment(format=1, feed=feed, entries=list(entries)))


def test_a_segment_holds_puts_alone_and_each_record_once():
    one, two = put("a", 1).change, put("b", 1).change
    for wrong in ([one, one], [two, one, two], [one, withdraw("b", 2).change], [delete("b", 2).change]):
        raw = raw_segment(*wrong)
        with pytest.raises(Malformed):
            open_segment(Frame(frames.SEGMENT, raw, frames.UNSIGNED, b""), feed=FEED, expected=segment_hash(raw))


def test_an_answer_gives_the_bodies_that_were_asked_for_and_no_others():
    asked, forged, other = put("a", 1), put("b", 1, "forged"), put("c", 1)
    frame = frames.parse(
        segment_frame(
            raw_segment(asked.change, forged.change, other.change), {0: asked.body, 1: forged.body, 2: other.body}
        )
    )
    taken = open_answer(frame, feed=FEED, asked=[put("b", 1, "what was signed").change, asked.change])
    assert taken == {("document", "a"): asked.body}


def test_an_answer_with_another_version_of_a_record_gives_nothing():
    newer = put("a", 2)
    frame = frames.parse(segment_frame(raw_segment(newer.change), {0: newer.body}))
    assert open_answer(frame, feed=FEED, asked=[put("a", 1).change]) == {}


def test_an_answer_in_an_unknown_format_is_malformed_since_nobody_signed_it():
    frame = Frame(frames.SEGMENT, b'{"format":2}', frames.UNSIGNED, b"")
    with pytest.raises(Malformed):
        open_answer(frame, feed=FEED, asked=[])


def test_an_answer_about_single_records_keeps_the_order_of_the_question():
    raw = raw_segment(put("b", 1).change, put("a", 1).change)
    frame = Frame(frames.SEGMENT, raw, frames.UNSIGNED, b"")
    assert [entry.id for entry in open_segment(frame, feed=FEED, expected=None).entries] == ["b", "a"]


def test_a_segment_is_unsigned_of_this_feed_and_kind():
    raw = raw_segment(put("a", 1).change)
    frame = Frame(frames.SEGMENT, raw, frames.UNSIGNED, b"")
    with pytest.raises(ForeignFeed):
        open_segment(frame, feed=OTHER_FEED, expected=None)
    for wrong in (frame._replace(kind=frames.COMMIT), frame._replace(signature=b"\1" * 64)):
        with pytest.raises(Malformed):
            open_segment(wrong, feed=FEED, expected=None)


def test_a_segment_with_a_body_that_it_does_not_name_is_refused():
    raw = raw_segment(put("a", 1).change)
    with pytest.raises(BadBody):
        open_segment(frames.parse(segment_frame(raw, {0: put("a", 1, "other").body})), feed=FEED, expected=None)


def test_a_segment_with_a_put_beyond_the_limit_is_oversize():
    raw = raw_segment(Change("put", "document", "a", "1.0000000a.1", "a" * 64, BODY_BYTES + 1))
    with pytest.raises(Oversize):
        open_segment(Frame(frames.SEGMENT, raw, frames.UNSIGNED, b""), feed=FEED, expected=None)


def test_a_segment_of_an_unknown_format_is_believed_only_under_its_hash():
    raw = b'{"format":2}'
    frame = Frame(frames.SEGMENT, raw, frames.UNSIGNED, b"")
    with pytest.raises(Incompatible):
        open_segment(frame, feed=FEED, expected=segment_hash(raw))
    with pytest.raises(Malformed):
        open_segment(frame, feed=FEED, expected="a" * 64)


def test_a_segment_closes_at_a_thousand_entries():
    many = [put(f"a{at:05d}", 1).change for at in range(2 * ENTRIES_PER_SEGMENT + 1)]
    sizes = [
        len(open_segment(Frame(frames.SEGMENT, raw, frames.UNSIGNED, b""), feed=FEED, expected=None).entries)
        for raw in segments(FEED, many)
    ]
    assert sizes == [ENTRIES_PER_SEGMENT, ENTRIES_PER_SEGMENT, 1]


def test_a_segment_of_the_largest_bodies_still_fits_one_frame():
    edits = [Edit(f"a{at:03d}", Version(FIRST, 1), bytes([at]).hex() * (BODY_BYTES // 2)) for at in range(17)]
    bodies = {edit.id: edit.body for edit in edits}
    sizes = []
    for raw in segments(FEED, [edit.change for edit in edits]):
        entries = open_segment(Frame(frames.SEGMENT, raw, frames.UNSIGNED, b""), feed=FEED, expected=None).entries
        frame = segment_frame(raw, {at: bodies[entry.id] for at, entry in enumerate(entries)})
        assert len(open_segment(frames.parse(frame), feed=FEED, expected=None).bodies) == len(entries)
        sizes.append(sum(entry.length for entry in entries))
    assert sizes == [BODIES_PER_COMMIT_BYTES, BODIES_PER_COMMIT_BYTES, BODY_BYTES]


def test_the_longest_manifest_fits_a_statement():
    signed = state_manifest(
        feed=Feed("a" * 32, "b" * 32, "c" * 32),
        epoch=FIRST,
        at=a_feed().cursor,
        position=a_feed().position,
        digest=Digest(),
        hashes=["a" * 64] * SEGMENTS_PER_MANIFEST,
        key=KEY,
    )
    assert len(signed.manifest.segments) == SEGMENTS_PER_MANIFEST
    with pytest.raises(Malformed):
        state_manifest(
            feed=FEED,
            epoch=FIRST,
            at=START,
            position=0,
            digest=Digest(),
            hashes=["a" * 64] * (SEGMENTS_PER_MANIFEST + 1),
            key=KEY,
        )


def test_a_copy_that_is_not_the_whole_is_noticed():
    origin = a_feed()
    signed, _ = manifest_of(origin)
    check_whole(signed.manifest, origin.digest)
    less = Digest.from_bytes(origin.digest.to_bytes())
    gone = origin.puts[0]
    less.remove(*gone.name, gone.version_text, gone.hash)
    with pytest.raises(WrongDigest):
        check_whole(signed.manifest, less)
    with pytest.raises(WrongDigest):
        check_whole(msgspec.structs.replace(signed.manifest, count=9), origin.digest)


edits = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["put", "put", "withdraw", "delete"]), st.booleans()),
    max_size=14,
)


def lived(history: list[tuple[str, str, bool]]) -> Origin:
    """An origin after these edits; a flag closes the commit. No record changes twice in one commit."""
    origin, waiting = Origin(), {}
    for number, (id_, op, closes) in enumerate(history, 1):
        if id_ in waiting or closes:
            origin.commit(*waiting.values())
            waiting = {}
        waiting[id_] = Edit(id_, Version(FIRST, number), f"text {number}" if op == "put" else None, op)
    origin.commit(*waiting.values())
    return origin


@settings(max_examples=60, deadline=None)
@given(edits, st.integers(0, 20))
def test_a_snapshot_and_the_commits_after_it_are_the_same_as_all_commits(history, point):
    origin = lived(history)
    at = min(point, len(origin.commits))
    then = origin.restored(at, origin.epoch)
    signed, parts = manifest_of(then)
    reader = Reader()
    for part in parts:
        frame = Frame(frames.SEGMENT, part, frames.UNSIGNED, b"")
        for entry in open_segment(frame, feed=FEED, expected=segment_hash(part)).entries:
            reader.ledger[entry.name] = Entry("put", entry.version, entry.hash, entry.length, present=True)
            reader.digest.add(*entry.name, entry.version_text, entry.hash)
    check_whole(signed.manifest, reader.digest)
    reader.cursor = signed.manifest.cursor
    for commit in origin.commits[at:]:
        reader.apply(commit)
    assert (reader.cursor, reader.digest) == (origin.cursor, origin.digest)
    held = {name: entry for name, entry in origin.ledger.items() if entry.op == "put"}
    assert {name: entry for name, entry in reader.ledger.items() if entry.op == "put"} == held

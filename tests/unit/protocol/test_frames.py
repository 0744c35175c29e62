"""Frames: every flipped byte is noticed, every size is bounded, and a payload cannot grow beyond what it says."""

import struct
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.protocol.build import FEED, KEY, KEYS, Origin, delete, put
from weft.protocol import frames
from weft.protocol.commits import open_commit, open_head
from weft.protocol.frames import Body, Frame, needed, pack, parse, split, unpack
from weft.protocol.limits import PAYLOAD_BYTES, STATEMENT_BYTES
from weft.protocol.refusals import Malformed, Oversize, Refusal
from weft.protocol.snapshots import open_manifest, open_segment, segment_frame, segment_hash, segments, state_manifest

FIXED = 5 + 1 + 4 + 64 + 4 + 4


def _frames() -> dict[str, tuple[bytes, object]]:
    origin = Origin()
    commit = origin.commit(
        put("a", 1, "one text, and the same text again: one text"), put("b", 1, "aaaa" * 9), delete("c", 9)
    )
    part = next(segments(FEED, origin.puts))
    named = segment_hash(part)
    manifest = state_manifest(
        feed=FEED,
        epoch=origin.epoch,
        at=origin.cursor,
        position=origin.position,
        digest=origin.digest,
        hashes=[named],
        key=KEY,
    )
    return {
        "commit": (commit.to_bytes(), lambda frame: open_commit(frame, feed=FEED, keys=KEYS)),
        "head": (origin.head().to_bytes(), lambda frame: open_head(frame, feed=FEED, keys=KEYS)),
        "manifest": (manifest.to_bytes(), lambda frame: open_manifest(frame, feed=FEED, keys=KEYS)),
        "segment": (
            segment_frame(part, dict(commit.bodies)),
            lambda frame: open_segment(frame, feed=FEED, expected=named),
        ),
    }


FRAMES = _frames()
each_frame = pytest.mark.parametrize(("raw", "opened"), FRAMES.values(), ids=FRAMES)


def resealed(raw: bytes) -> bytes:
    """The frame as somebody on the way would send it: altered, with a checksum that fits."""
    return raw[:-4] + zlib.crc32(raw[:-4]).to_bytes(4)


@each_frame
def test_a_frame_reads_back_as_the_same_bytes(raw, opened):
    frame = parse(raw)
    assert frame.to_bytes() == raw
    assert needed(raw) == len(raw) == FIXED + len(frame.statement) + len(frame.payload)
    opened(frame)


@each_frame
def test_every_flip_of_every_byte_is_noticed(raw, opened):
    for at in range(len(raw)):
        for flip in (*(1 << bit for bit in range(8)), 0xFF, 0x5A):
            with pytest.raises(Refusal):
                parse(raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :])


@each_frame
def test_a_flip_with_a_checksum_that_fits_is_refused_or_changes_nothing_that_is_read(raw, opened):
    said = opened(parse(raw))
    payload_at = len(raw) - 4 - len(parse(raw).payload)
    for at in range(len(raw) - 4):
        for flip in (1, 0x20, 0x80, 0xFF):
            try:
                frame = parse(resealed(raw[:at] + bytes([raw[at] ^ flip]) + raw[at + 1 :]))
                heard = opened(frame)
            except Refusal:
                continue
            assert at >= payload_at
            assert heard == said


def test_without_the_checksum_some_flips_of_a_payload_would_unfold_to_the_same():
    raw = FRAMES["commit"][0]
    payload = parse(raw).payload
    unused_bit = bytes([payload[4] ^ 0x10])
    assert unpack(payload[:4] + unused_bit + payload[5:]) == unpack(payload)


@each_frame
def test_a_frame_cut_short_anywhere_waits_for_more_and_is_no_frame(raw, opened):
    for size in range(len(raw)):
        with pytest.raises(Malformed):
            parse(raw[:size])
        if size:
            with pytest.raises(Malformed):
                list(split(raw[:size]))
        assert needed(raw[:size]) in (None, len(raw))


@each_frame
def test_bytes_behind_a_frame_make_it_none(raw, opened):
    for more in (b"\0", b"\n", raw):
        with pytest.raises(Malformed):
            parse(raw + more)


def test_frames_come_one_after_the_other():
    raws = [raw for raw, _ in FRAMES.values()]
    assert [frame.to_bytes() for frame in split(b"".join(raws))] == raws
    assert list(split(b"")) == []


def test_many_small_frames_are_split_in_time_that_grows_with_their_number():
    raw = FRAMES["head"][0] * 20_000
    assert sum(1 for _ in split(raw)) == 20_000


@pytest.mark.parametrize("start", [b"WEFT\x02C", b"weft\x01C", b"WEFT\x01X", b"WEFT\x01c", b"HTTP/1"])
def test_what_does_not_begin_like_a_frame_is_refused_at_once(start):
    with pytest.raises(Malformed):
        needed(start + bytes(4))


def test_a_length_over_the_limit_is_refused_before_the_bytes_have_come():
    with pytest.raises(Oversize):
        needed(b"WEFT\x01C" + (STATEMENT_BYTES + 1).to_bytes(4))
    with pytest.raises(Oversize):
        needed(b"WEFT\x01C" + bytes(4 + 64) + (PAYLOAD_BYTES + 1).to_bytes(4))
    assert needed(b"WEFT\x01C" + STATEMENT_BYTES.to_bytes(4)) is None


bodies = st.dictionaries(
    st.integers(0, 2**16 - 1),
    st.builds(Body, st.binary(min_size=16, max_size=16), st.binary(max_size=200)),
    max_size=20,
)


@given(bodies)
def test_bodies_unfold_to_what_was_packed(some):
    assert unpack(pack(some)) == some


def records(*items: tuple[int, bytes]) -> bytes:
    return b"".join(struct.pack(">H16sI", at, bytes(16), len(data)) + data for at, data in items)


def folded(raw: bytes, **options: bool) -> bytes:
    return zstandard.ZstdCompressor(**options).compress(raw)


@pytest.mark.parametrize(
    "raw",
    [
        records((1, b"a"), (0, b"b")),
        records((1, b"a"), (1, b"a")),
        records((0, b"a"))[:-1],
        records((0, b"a")) + b"\0",
        records((0, b"a")) + bytes(21),
        bytes(22)[:-4] + b"\xff" * 4,
    ],
)
def test_records_out_of_order_twice_or_cut_short_are_malformed(raw):
    with pytest.raises(Malformed):
        unpack(folded(raw))


def _streamed(raw: bytes) -> bytes:
    folder = zstandard.ZstdCompressor().compressobj()
    return folder.compress(raw) + folder.flush()


SKIPPABLE = b"\x50\x2a\x4d\x18"


@pytest.mark.parametrize(
    "payload",
    [
        b"\0",
        b"not zstd at all",
        folded(records((0, b"a"))) * 2,
        folded(records((0, b"a"))) + b"\0",
        folded(records((0, b"a"))) + SKIPPABLE + bytes(4),
        SKIPPABLE + bytes(4),
        SKIPPABLE + b"\5\0\0\0aaaaa",
        folded(b""),
        folded(records((0, b"a")), write_content_size=False),
        _streamed(records((0, b"a"))),
        folded(records((0, b"a")), write_checksum=True)[:-1],
    ],
)
def test_a_payload_that_is_not_exactly_one_frame_of_known_size_is_malformed(payload):
    with pytest.raises(Malformed):
        unpack(payload)


def _lying(stated: int, blocks: int) -> bytes:
    """A frame that says it holds `stated` bytes, and holds 128 KiB for each of its blocks of four bytes."""
    head = b"\x28\xb5\x2f\xfd\x80\x58" + stated.to_bytes(4, "little")
    block = (131_072 << 3 | 1 << 1).to_bytes(3, "little") + b"A"
    last = (131_072 << 3 | 1 << 1 | 1).to_bytes(3, "little") + b"A"
    return head + block * (blocks - 1) + last


@pytest.mark.parametrize("stated", [1, 1000, 131_073, PAYLOAD_BYTES])
def test_a_bomb_that_lies_about_its_size_stops_at_what_it_said(stated):
    with pytest.raises(Malformed):
        unpack(_lying(stated, 100_000))


def test_a_bomb_that_says_so_is_oversize():
    with pytest.raises(Oversize):
        unpack(_lying(2**32 - 1, 40_000))
    with pytest.raises(Oversize):
        unpack(folded(bytes(PAYLOAD_BYTES + 1)))


def test_a_window_larger_than_eight_mebibytes_is_refused():
    window_of_2_gib = b"\x28\xb5\x2f\xfd\x80\xa8" + (23).to_bytes(4, "little")
    raw = (23 << 3 | 1).to_bytes(3, "little") + records((0, b"a"))
    with pytest.raises(Oversize):
        unpack(window_of_2_gib + raw)
    window_of_2_mib = b"\x28\xb5\x2f\xfd\x80\x58" + (23).to_bytes(4, "little")
    assert unpack(window_of_2_mib + raw) == {0: Body(bytes(16), b"a")}


def test_the_largest_payload_that_a_commit_can_have_is_within_the_limit():
    assert len(Frame(frames.COMMIT, bytes(STATEMENT_BYTES), bytes(64), bytes(PAYLOAD_BYTES)).to_bytes()) == (
        frames.FRAME_BYTES
    )

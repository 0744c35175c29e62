"""Manifests say what bytes must be; nothing that is otherwise passes."""

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.blobs.conftest import stream
from weft.blobs.manifest import BLOB_BYTES, PART_BYTES, Altered, Manifest, Measure, verified

DATA = random.Random(2).randbytes(3 * PART_BYTES + 11)


def measured(data: bytes, piece: int) -> Manifest:
    measure = Measure()
    for at in range(0, len(data), piece):
        measure.add(data[at : at + piece])
    return measure.manifest()


WHOLE = measured(DATA, len(DATA))


async def passed(data: bytes, manifest: Manifest, first: int = 0, piece: int = 65536) -> bytes:
    return b"".join([part async for part in verified(stream(data, piece), manifest, first)])


def test_the_parts_are_the_hashes_of_each_mebibyte() -> None:
    assert WHOLE.sha256 == hashlib.sha256(DATA).hexdigest()
    cut = [DATA[at : at + PART_BYTES] for at in range(0, len(DATA), PART_BYTES)]
    assert WHOLE.parts == tuple(hashlib.sha256(part).hexdigest() for part in cut)
    assert [WHOLE.length(part) for part in range(4)] == [PART_BYTES, PART_BYTES, PART_BYTES, 11]


@given(
    size=st.sampled_from([1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES]),
    piece=st.integers(4000, 3_000_000),
)
@settings(max_examples=30, deadline=None)
def test_in_which_pieces_bytes_come_makes_no_difference(size: int, piece: int) -> None:
    assert measured(DATA[:size], piece) == measured(DATA[:size], size)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 0, "parts": ()},
        {"size": BLOB_BYTES + 1},
        {"size": PART_BYTES},
        {"sha256": "0" * 63},
        {"sha256": WHOLE.sha256.upper()},
        {"parts": (*WHOLE.parts[:3], "x" * 64)},
        {"parts": WHOLE.parts[:3]},
        {"parts": (*WHOLE.parts, WHOLE.parts[0])},
    ],
)
def test_a_manifest_that_cannot_be_is_not_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Manifest(**({"size": WHOLE.size, "sha256": WHOLE.sha256, "parts": WHOLE.parts} | wrong))  # type: ignore[arg-type]


async def test_what_is_right_passes_from_any_part_on() -> None:
    assert await passed(DATA, WHOLE) == DATA
    assert await passed(DATA[2 * PART_BYTES :], WHOLE, 2, piece=7777) == DATA[2 * PART_BYTES :]


@pytest.mark.parametrize("at", [0, PART_BYTES, len(DATA) - 1])
async def test_a_single_altered_byte_stops_its_part_and_what_follows(at: int) -> None:
    altered = DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]
    got = bytearray()

    async def take() -> None:
        async for part in verified(stream(altered), WHOLE):
            got.extend(part)

    with pytest.raises(Altered):
        await take()
    assert got == DATA[: at // PART_BYTES * PART_BYTES]


async def test_more_than_there_is_does_not_pass() -> None:
    with pytest.raises(Altered):
        await passed(DATA + b"!", WHOLE)


async def test_a_stream_that_ends_early_gives_whole_parts_alone() -> None:
    assert await passed(DATA[: 2 * PART_BYTES + 5], WHOLE) == DATA[: 2 * PART_BYTES]
    assert await passed(DATA[:-1], WHOLE) == DATA[: 3 * PART_BYTES]
    assert await passed(b"", WHOLE) == b""

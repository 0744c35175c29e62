"""The store keeps what came whole under what it is, gives any range of it back, and forgets what it is told to."""

import asyncio
import hashlib
import os
import random
import resource
import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.unit.blobs.conftest import kept, read, stream
from weft.blobs.manifest import PART_BYTES
from weft.blobs.staging import ABANDONED_SECONDS
from weft.blobs.store import Blob, Blobs, Bucket, Kept
from weft.problems import NotFound, TooLarge, Unavailable

DATA = random.Random(1).randbytes(2 * PART_BYTES + 7)


def staged_files(blobs: Blobs) -> list[Path]:
    return list(blobs.staging.folder.iterdir())


async def test_what_was_kept_is_read_as_it_came(blobs: Blobs) -> None:
    blob = await kept(blobs, DATA)
    assert blob == Blob("ece", hashlib.sha256(DATA).hexdigest())
    assert await read(blobs, blob, 0, len(DATA)) == DATA
    assert await blobs.has(Kept(blob, len(DATA)))


@pytest.mark.parametrize(
    ("start", "stop"),
    [
        (0, 1),
        (PART_BYTES - 1, PART_BYTES + 1),
        (5, 2 * PART_BYTES + 7),
        (2 * PART_BYTES, len(DATA)),
        (len(DATA) - 1, len(DATA)),
    ],
)
async def test_a_range_is_the_slice_of_the_whole(blobs: Blobs, start: int, stop: int) -> None:
    blob = await kept(blobs, DATA)
    assert await read(blobs, blob, start, stop) == DATA[start:stop]


async def test_no_piece_that_is_read_is_over_a_mebibyte(blobs: Blobs) -> None:
    blob = await kept(blobs, DATA)
    assert max([len(piece) async for piece in blobs.read(blob, 0, len(DATA))]) == PART_BYTES


async def test_the_same_bytes_of_two_origins_are_two_blobs(blobs: Blobs) -> None:
    theirs = await kept(blobs, DATA, "eca")
    ours = await kept(blobs, DATA, "ece")
    await blobs.delete(theirs)
    assert await read(blobs, ours, 0, 10) == DATA[:10]
    with pytest.raises(NotFound):
        await read(blobs, theirs, 0, 10)


async def test_the_same_bytes_again_change_nothing(blobs: Blobs) -> None:
    assert await kept(blobs, DATA) == await kept(blobs, DATA)
    assert [found async for found in blobs.listed()] == [Kept(Blob("ece", hashlib.sha256(DATA).hexdigest()), len(DATA))]


async def test_what_was_deleted_is_not_there_and_deleting_it_again_is_no_error(blobs: Blobs) -> None:
    blob = await kept(blobs, DATA)
    await blobs.delete(blob)
    await blobs.delete(blob)
    assert not await blobs.has(Kept(blob, len(DATA)))
    assert [found async for found in blobs.listed()] == []


async def test_all_that_is_kept_is_listed(blobs: Blobs) -> None:
    made = [await kept(blobs, f"number {number}".encode()) for number in range(5)]
    assert {found.blob async for found in blobs.listed()} == set(made)


async def test_a_blob_that_lost_bytes_on_the_disk_is_not_had_and_not_read_to_its_end(tmp_path: Path) -> None:
    blobs = Blobs.open("ece", tmp_path)
    blob = await kept(blobs, DATA)
    os.truncate(tmp_path / blob.sha256[:2] / blob.sha256, PART_BYTES + 5)
    assert not await blobs.has(Kept(blob, len(DATA)))
    with pytest.raises(Unavailable):
        await read(blobs, blob, 0, len(DATA))


async def test_a_disk_that_is_full_is_unavailable_and_nothing_stays_staged(tmp_path: Path) -> None:
    blobs = Blobs.open("ece", tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (PART_BYTES, before[1]))
    try:
        with pytest.raises(Unavailable, match="disk"):
            await kept(blobs, DATA)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert staged_files(blobs) == []


async def test_over_the_limit_nothing_is_kept_and_nothing_stays_staged(blobs: Blobs) -> None:
    with pytest.raises(TooLarge):
        async with blobs.stage(stream(DATA), limit=len(DATA) - 1):
            pass
    assert staged_files(blobs) == []
    async with blobs.stage(stream(DATA), limit=len(DATA)) as staged:
        assert staged.manifest.size == len(DATA)


async def test_a_stream_that_breaks_leaves_nothing_staged(blobs: Blobs) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield DATA
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        async with blobs.stage(broken()):
            pass
    assert staged_files(blobs) == []


async def test_what_nobody_writes_any_more_is_cleaned_and_what_is_being_written_stays(blobs: Blobs) -> None:
    old, new = blobs.staging.folder / "old", blobs.staging.folder / "new"
    for file in (old, new):
        file.write_bytes(b"half")
    long_ago = time.time() - ABANDONED_SECONDS - 1
    os.utime(old, (long_ago, long_ago))
    assert blobs.staging.clean() == 1
    assert staged_files(blobs) == [new]


async def test_it_is_known_what_is_being_read(blobs: Blobs) -> None:
    blob = await kept(blobs, DATA)
    async with aclosing(blobs.read(blob, 0, len(DATA))) as reading:
        await anext(reading)
        assert blobs.reading == {blob}
    assert blobs.reading == frozenset()


async def test_many_write_and_read_the_same_at_once(blobs: Blobs) -> None:
    written = await asyncio.gather(*(kept(blobs, DATA) for _ in range(8)))
    assert len(set(written)) == 1
    assert await asyncio.gather(*(read(blobs, written[0], 3, 9) for _ in range(8))) == [DATA[3:9]] * 8


async def test_a_bucket_that_is_not_there_is_unavailable(
    s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "somebody")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    blobs = Blobs.open("ece", tmp_path, Bucket("s3://no-such-bucket", s3))
    with pytest.raises(Unavailable):
        await kept(blobs, b"data")


@pytest.mark.parametrize("url", ["file:///etc", "s3://", "https://bucket.example/"])
def test_an_address_that_is_no_bucket_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="s3://bucket/prefix"):
        Blobs.open("ece", tmp_path, Bucket(url))

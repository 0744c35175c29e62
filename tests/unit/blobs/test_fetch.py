"""A blob is fetched once for all who read it, goes on after a cut, and nobody gets a byte that is not verified."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from tests.unit.blobs.conftest import stream
from weft.blobs import fetch
from weft.blobs.fetch import ATTEMPTS, Cut, Fetches
from weft.blobs.manifest import PART_BYTES, Altered, Manifest, Measure
from weft.blobs.staging import Staged, Staging
from weft.blobs.store import Blob
from weft.problems import NotNow, Problem

DATA = random.Random(3).randbytes(4 * PART_BYTES + 99)


def manifest_of(data: bytes) -> Manifest:
    measure = Measure()
    measure.add(data)
    return measure.manifest()


WHOLE = manifest_of(DATA)
BLOB = Blob("eca", WHOLE.sha256)


@dataclass
class Owner:
    """Where the bytes are. `broken` says at which byte each of its answers breaks off; `held` keeps it from going on."""

    data: bytes = DATA
    broken: list[int] = field(default_factory=list)
    problem: Problem | None = None
    asked: list[int] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def source(self, start: int) -> AsyncIterator[AsyncIterator[bytes]]:
        self.asked.append(start)
        if self.problem:
            raise self.problem
        yield self._stream(start, self.broken.pop(0) if self.broken else None)

    async def _stream(self, start: int, end: int | None) -> AsyncIterator[bytes]:
        async for piece in stream(self.data[start:end]):
            yield piece
        if end is not None:
            raise Cut("the line went dead")
        await self.go.wait()


@dataclass
class Shelf:
    """Keeps what was fetched whole."""

    kept: list[bytes] = field(default_factory=list)

    async def keep(self, staged: Staged) -> None:
        self.kept.append(staged.file.read_bytes())


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "AGAIN_SECONDS", 0.001)


@pytest.fixture
async def fetches(tmp_path: Path) -> AsyncIterator[Fetches]:
    made = Fetches(Staging(tmp_path / "staging"))
    yield made
    await made.close()
    await until(lambda: not list((tmp_path / "staging").iterdir()))


@pytest.fixture
def owner() -> Owner:
    made = Owner()
    made.go.set()
    return made


Read = Callable[..., asyncio.Task[bytes]]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def read(fetches: Fetches, owner: Owner, shelf: Shelf) -> Read:
    async def reading(start: int, stop: int, manifest: Manifest) -> bytes:
        got = fetches.read(Blob("eca", manifest.sha256), manifest, owner.source, shelf.keep, start, stop)
        return b"".join([piece async for piece in got])

    def begun(start: int = 0, stop: int = len(DATA), manifest: Manifest = WHOLE) -> asyncio.Task[bytes]:
        return asyncio.create_task(reading(start, stop, manifest))

    return begun


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  # no event tells it
            await asyncio.sleep(0.001)


async def test_what_is_fetched_is_passed_on_and_kept(read: Read, owner: Owner, shelf: Shelf) -> None:
    assert await read() == DATA
    await until(lambda: shelf.kept == [DATA])
    assert owner.asked == [0]


async def test_many_readers_of_different_ranges_cost_one_fetch(read: Read, owner: Owner) -> None:
    ranges = [(0, len(DATA)), (5, 9), (PART_BYTES - 1, 3 * PART_BYTES), (len(DATA) - 1, len(DATA))]
    got = await asyncio.gather(*(read(start, stop) for start, stop in ranges))
    assert got == [DATA[start:stop] for start, stop in ranges]
    assert owner.asked == [0]


async def test_a_reader_has_the_first_part_before_the_last_has_come(
    fetches: Fetches, owner: Owner, shelf: Shelf
) -> None:
    owner.data, owner.go = DATA[: 2 * PART_BYTES], asyncio.Event()
    async with aclosing(fetches.read(BLOB, WHOLE, owner.source, shelf.keep, 0, len(DATA))) as reading:
        async with asyncio.timeout(5):
            assert await anext(reading) == DATA[:PART_BYTES]
    assert shelf.kept == []


async def test_after_a_cut_it_goes_on_with_the_part_that_was_not_whole(read: Read, owner: Owner, shelf: Shelf) -> None:
    owner.broken = [2 * PART_BYTES + 5, 3 * PART_BYTES]
    assert await read() == DATA
    assert owner.asked == [0, 2 * PART_BYTES, 3 * PART_BYTES]


async def test_an_owner_that_breaks_off_at_once_is_given_up_after_some_attempts(
    read: Read, owner: Owner, shelf: Shelf
) -> None:
    owner.broken = [PART_BYTES + 1, *[PART_BYTES] * 20]
    with pytest.raises(Cut):
        await read()
    assert owner.asked == [0] + [PART_BYTES] * (ATTEMPTS - 1)
    assert shelf.kept == []


async def test_who_wants_what_has_come_gets_it_though_the_rest_does_not(read: Read, owner: Owner) -> None:
    owner.broken = [PART_BYTES + 1, *[PART_BYTES] * 20]
    whole, first = read(), read(0, PART_BYTES)
    assert await first == DATA[:PART_BYTES]
    with pytest.raises(Cut):
        await whole


async def test_another_answer_of_the_owner_is_not_asked_for_again(read: Read, owner: Owner) -> None:
    owner.problem = NotNow("it has changed")
    with pytest.raises(NotNow):
        await read()
    assert owner.asked == [0]


@pytest.mark.parametrize("at", [0, 2 * PART_BYTES, len(DATA) - 1])
async def test_altered_bytes_reach_no_reader_and_are_not_kept(
    fetches: Fetches, owner: Owner, shelf: Shelf, at: int
) -> None:
    owner.data = DATA[:at] + bytes([DATA[at] ^ 1]) + DATA[at + 1 :]
    got = bytearray()

    async def reading() -> None:
        async for piece in fetches.read(BLOB, WHOLE, owner.source, shelf.keep, 0, len(DATA)):
            got.extend(piece)

    with pytest.raises(Altered):
        await reading()
    assert got == DATA[: at // PART_BYTES * PART_BYTES]
    assert owner.asked == [0]
    assert shelf.kept == []


async def test_parts_that_are_right_under_the_hash_of_another_whole_are_not_kept(read: Read, shelf: Shelf) -> None:
    """Whoever publishes the hash of bytes that it does not have must not put others in their place."""
    lying = replace(WHOLE, sha256="ab" * 32)
    with pytest.raises(Altered):
        await read(manifest=lying)
    assert shelf.kept == []


async def test_after_a_failure_the_next_reader_begins_anew(read: Read, owner: Owner) -> None:
    owner.problem = NotNow("it has changed")
    with pytest.raises(NotNow):
        await read()
    owner.problem = None
    assert await read() == DATA


async def test_it_is_fetched_to_the_end_though_its_reader_goes_away(
    fetches: Fetches, owner: Owner, shelf: Shelf
) -> None:
    async with aclosing(fetches.read(BLOB, WHOLE, owner.source, shelf.keep, 0, len(DATA))) as reading:
        await anext(reading)
    await until(lambda: shelf.kept == [DATA])


async def test_what_cannot_be_kept_is_read_all_the_same(fetches: Fetches, owner: Owner) -> None:
    async def full(_: Staged) -> None:
        raise NotNow("being erased")

    got = fetches.read(BLOB, WHOLE, owner.source, full, 0, len(DATA))
    assert b"".join([piece async for piece in got]) == DATA


async def test_closing_ends_what_waits_and_tells_its_readers(fetches: Fetches, owner: Owner, read: Read) -> None:
    owner.data, owner.go = DATA[:PART_BYTES], asyncio.Event()
    reading = read()
    await until(lambda: owner.asked == [0])
    await fetches.close()
    with pytest.raises(Cut):
        await reading

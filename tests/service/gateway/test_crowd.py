"""When the door says that it is asked for too much, and when it does not."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gateway.crowd import AT_ONCE, PATIENCE_SECONDS, TURN_SECONDS, WAITING_SECONDS, Crowd
from gateway.problems import Busy

STEP = TURN_SECONDS / 4


class Clock:
    """Time that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


async def turn() -> None:
    """Let the event loop come round."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)


async def nobody_counted(crowd: Crowd) -> None:
    """Wait until all requests have begun to wait for something else."""
    async with asyncio.timeout(10 * WAITING_SECONDS):
        while crowd.under_way:  # noqa: ASYNC110 - it has no event for it
            await asyncio.sleep(WAITING_SECONDS / 10)


async def test_a_burst_is_let_in_however_large(clock: Clock, stack: ExitStack) -> None:
    crowd = Crowd(clock)
    for _ in range(10 * AT_ONCE):
        stack.enter_context(crowd.joined())


async def test_a_queue_that_never_empties_is_refused_what_is_too_much_and_no_more(clock: Clock) -> None:
    crowd = Crowd(clock)
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(crowd.joined())
        await turn()
        clock.now += PATIENCE_SECONDS + STEP
        with pytest.raises(Busy), crowd.joined():
            pass
        with pytest.raises(Busy), crowd.joined():
            pass
    with crowd.joined():
        pass


async def test_a_moment_with_little_to_do_ends_it(clock: Clock, stack: ExitStack) -> None:
    crowd = Crowd(clock)
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(crowd.joined())
        await turn()
        clock.now += PATIENCE_SECONDS + STEP
    await turn()
    clock.now += TURN_SECONDS
    for _ in range(2 * AT_ONCE):
        stack.enter_context(crowd.joined())


async def test_turns_that_stay_long_are_cut_short(clock: Clock) -> None:
    crowd = Crowd(clock)

    async def answered() -> int:
        """How many of a hundred are answered, each of which takes this thread a while."""
        let_in = 0
        for _ in range(100):
            try:
                with crowd.joined():
                    clock.now += STEP
                    let_in += 1
            except Busy:
                pass
        await turn()
        return let_in

    patient = PATIENCE_SECONDS / STEP
    assert patient <= await answered() <= patient + 2
    assert 0 < await answered() <= TURN_SECONDS / STEP + 2


async def test_who_waits_for_something_else_is_not_counted(clock: Clock, stack: ExitStack) -> None:
    crowd = Crowd(clock)
    for _ in range(AT_ONCE):
        stack.enter_context(crowd.joined())
    await nobody_counted(crowd)
    clock.now += PATIENCE_SECONDS + STEP
    for _ in range(AT_ONCE):
        stack.enter_context(crowd.joined())


async def test_a_request_leaves_the_count_once_whether_it_waited_or_not(clock: Clock, stack: ExitStack) -> None:
    crowd = Crowd(clock)
    with crowd.joined():
        await nobody_counted(crowd)
    assert crowd.under_way == 0
    for _ in range(AT_ONCE):
        stack.enter_context(crowd.joined())
    await turn()
    clock.now += PATIENCE_SECONDS + STEP
    with pytest.raises(Busy), crowd.joined():
        pass

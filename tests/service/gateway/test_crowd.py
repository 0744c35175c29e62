"""When the door says that it is asked for too much, and when it does not."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from gateway.crowd import AT_ONCE, PATIENCE_SECONDS, TICK_SECONDS, WAITING_SECONDS, Crowd
from gateway.problems import Busy

STEP = 0.005


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


async def ticked(crowd: Crowd) -> None:
    """Wait until the crowd has looked how it stands, and found nobody."""
    async with asyncio.timeout(100 * TICK_SECONDS):
        while crowd.watching:  # noqa: ASYNC110 - it has no event for it
            await asyncio.sleep(TICK_SECONDS)


async def nobody_counted(crowd: Crowd) -> None:
    """Wait until all requests have begun to wait for something else."""
    async with asyncio.timeout(10 * WAITING_SECONDS):
        while crowd.under_way:  # noqa: ASYNC110 - it has no event for it
            await asyncio.sleep(WAITING_SECONDS / 10)


async def test_a_burst_is_let_in_however_large(clock: Clock, stack: ExitStack) -> None:
    crowd = Crowd(clock)
    for _ in range(10 * AT_ONCE):
        stack.enter_context(crowd.joined())


async def test_a_queue_that_never_empties_is_refused_what_is_too_much_until_it_does(clock: Clock) -> None:
    crowd = Crowd(clock)
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(crowd.joined())
        clock.now += PATIENCE_SECONDS + STEP
        with pytest.raises(Busy), crowd.joined():
            pass
        with pytest.raises(Busy), crowd.joined():
            pass
    await ticked(crowd)
    with crowd.joined():
        pass


async def test_a_moment_with_little_to_do_ends_it(clock: Clock, stack: ExitStack) -> None:
    crowd = Crowd(clock)
    with ExitStack() as held:
        for _ in range(AT_ONCE):
            held.enter_context(crowd.joined())
        clock.now += PATIENCE_SECONDS + STEP
    await ticked(crowd)
    for _ in range(2 * AT_ONCE):
        stack.enter_context(crowd.joined())


async def test_one_alone_is_let_in_however_late_the_event_loop_runs(clock: Clock) -> None:
    crowd = Crowd(clock)
    for _ in range(100):
        with crowd.joined():
            clock.now += PATIENCE_SECONDS


async def test_who_waits_for_something_else_is_not_counted(clock: Clock, stack: ExitStack) -> None:
    crowd = Crowd(clock)
    for _ in range(AT_ONCE):
        stack.enter_context(crowd.joined())
    await nobody_counted(crowd)
    await ticked(crowd)
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
    clock.now += PATIENCE_SECONDS + STEP
    with pytest.raises(Busy), crowd.joined():
        pass

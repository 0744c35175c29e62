"""A bell wakes who listens, and never keeps who is to stop."""

import asyncio

from weft.exchange.bell import heard


async def test_who_is_stopped_just_when_the_bell_rings_is_stopped():
    event = asyncio.Event()

    async def listening() -> None:
        while True:
            await heard(event, 60)
            event.clear()

    task = asyncio.create_task(listening())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    event.set()
    task.cancel()
    done, _ = await asyncio.wait([task], timeout=5)
    assert done == {task}
    assert task.cancelled()

"""Colleagues: the other workers of this service. What one journals or seals, all hear at once; a hint may be lost."""

import asyncio
from collections.abc import Callable

from weft.exchange.bell import Bell
from weft.protocol.names import Feed
from weft.protocol.refusals import Refusal
from weft.tasks import cancelled
from weft.wiring import Wiring


class Colleagues:
    """`journalled` is called when another worker may have journalled something. One process has no colleagues."""

    def __init__(self, wiring: Wiring, service: str, bell: Bell, journalled: Callable[[], None]) -> None:
        self._wiring = wiring
        self._service = service
        self._bell = bell
        self._journalled = journalled

    def tell(self) -> None:
        """This worker has journalled something."""
        if not self._wiring.whole:
            self._wiring.bus.ring(self._writing, b"journalled")

    async def run(self) -> None:
        """Listen until cancelled."""
        if self._wiring.whole:
            await asyncio.Event().wait()
        listening = [asyncio.create_task(self._hear_writers()), asyncio.create_task(self._hear_sealers())]
        try:
            await asyncio.gather(*listening)
        finally:
            await cancelled(listening)

    @property
    def _writing(self) -> str:
        return f"journalled.{self._service}"

    async def _hear_writers(self) -> None:
        async for _ in self._wiring.bus.listen(self._writing):
            self._journalled()

    async def _hear_sealers(self) -> None:
        async for payload in self._wiring.bus.listen(f"hint.{self._wiring.node}.{self._service}.*"):
            try:
                self._bell.ring(Feed.parse(payload.decode("utf-8", "replace")))
            except Refusal:
                self._journalled()  # an empty one: some may have been missed

"""Embargoes end: at its time a record is widened to the audience that its editor wished for."""

import asyncio
from collections.abc import Callable

import structlog
from sqlmodel import Session

from weft.database import Database
from weft.journal import embargo
from weft.journal.incarnation import Incarnation
from weft.problems import Unavailable

log = structlog.get_logger("weft.embargoes")

LOOK_SECONDS = 1.0
"""The clock is asked this often and never slept by: it may jump."""


class Embargoes:
    """`follow` brings the service's own tables after the journal; `lifted` is told that something was."""

    def __init__(
        self,
        database: Database,
        us: Incarnation,
        follow: Callable[[Session, Incarnation], int],
        lifted: Callable[[], None],
    ) -> None:
        self._database = database
        self._us = us
        self._follow = follow
        self._lifted = lifted

    async def run(self) -> None:
        """Look at once, for what came due while nobody looked, and then again and again."""
        while True:
            try:
                while await self._database.read(embargo.is_due, self._us) and await self.lift_once():
                    pass
            except Unavailable as error:
                log.warning("no embargo ends yet", why=str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def lift_once(self) -> bool:
        """Widen those that are due, so many at a time; whether there may be more."""
        lifted = await self._database.write(self._lift)
        if lifted:
            log.info("embargoes ended", records=lifted)
            self._lifted()
        return lifted > 0

    def _lift(self, session: Session) -> int:
        lifted = len(embargo.lift(session, self._us))
        while lifted and self._follow(session, self._us):
            pass
        return lifted

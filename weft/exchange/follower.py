"""Following one feed: hear of it, pull it, apply it, and never stop for long except where a person must decide."""

import asyncio
import math
import random
import time

import structlog
from sqlmodel import Session

from weft.clock import utc_now
from weft.exchange.backfill import Backfill
from weft.exchange.following import Following, Progress
from weft.exchange.source import Answer, Refused, SnapshotDue
from weft.exchange.states import TRANSITIONS, State
from weft.inbox import refusals
from weft.inbox.apply import apply, fill, overdue
from weft.inbox.moment import Moment
from weft.log import feeds
from weft.log.models import FeedRow
from weft.problems import NotNow, Unavailable
from weft.protocol import frames, snapshots
from weft.protocol.commits import SignedHead, open_commit, open_head
from weft.protocol.digest import Digest
from weft.protocol.frames import Frame
from weft.protocol.names import Feed
from weft.protocol.receiver import Place, Standing, standing
from weft.protocol.refusals import (
    Beyond,
    Contradiction,
    Gap,
    Incompatible,
    Malformed,
    Refusal,
    Unauthentic,
    WrongDigest,
)
from weft.protocol.statements import Change, Head
from weft.web.metrics import APPLIED, BEHIND, BEHIND_SECONDS, REFUSED

log = structlog.get_logger("weft.follower")

OFFERED = 256
FIRST_DELAY, LONGEST_DELAY = 0.5, 60.0
LONG_POLL_SECONDS = 20.0
QUIET_SECONDS = 0.2
BREATH_SECONDS = 0.1
"""Between long polls, so that a holder that answers at once with nothing is not asked in a circle."""


class Follower:
    """Runs until it is cancelled. `offer` gives it frames that came by the broker, `nudge` tells it to look."""

    def __init__(self, following: Following) -> None:
        self._to = following
        self._offered: asyncio.Queue[bytes | None] = asyncio.Queue(OFFERED)
        self._failures = 0
        self._recalled = False
        self.progress = Progress()

    @property
    def feed(self) -> Feed:
        return self._to.feed

    def offer(self, frame: bytes) -> None:
        """A frame from the broker. When there are too many, it is dropped: the feed is pulled instead."""
        if not self._offered.full():
            self._offered.put_nowait(frame)

    def nudge(self) -> None:
        """There is something new, or an operator wants another try."""
        if self._offered.empty():
            self._offered.put_nowait(None)

    async def run(self) -> None:
        with structlog.contextvars.bound_contextvars(feed=str(self.feed)):
            while True:
                delay = await self._turn()
                await self._listen(delay)

    async def _turn(self) -> float:
        """Pull to the head once; returns how long to listen before the next turn."""
        self.progress.attempted_at = utc_now()
        try:
            if not self._recalled:
                await self._recall()
            await self._catch_up()
        except (Unavailable, NotNow, Refused, Gap) as error:
            return await self._failed(State.UNREACHABLE, str(error))
        except Incompatible as error:
            return await self._failed(State.INCOMPATIBLE, error.why, error)
        except (Beyond, Contradiction, Unauthentic) as error:
            return await self._failed(State.DESYNCHRONISED, f"{error.code}: {error.why}", error)
        self._failures = 0
        self.progress.succeeded_at, self.progress.next_try = utc_now(), None
        await self._become(State.LIVE, "")
        return self._to.poll_seconds if self._to.hinted() else BREATH_SECONDS

    async def _failed(self, state: State, why: str, refusal: Refusal | None = None) -> float:
        self._recalled = False
        if refusal is not None and (self.progress.state, self.progress.why) != (state, why):
            await self._note(refusal)
        await self._become(state, why)
        longest = min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(self._failures, 10))
        self._failures += 1
        return float(longest * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret

    async def _listen(self, seconds: float) -> None:
        """Apply what the broker brings until it is time, or something calls for another look.

        Once it is quiet after a commit, the holder's head is asked for: equality is proven, not supposed.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                async with asyncio.timeout(left):  # `wait_for` loses a cancellation that comes together with a frame
                    raw = await self._offered.get()
            except TimeoutError:
                return
            if raw is None or self.progress.state is not State.LIVE:
                return
            try:
                await self._take(frames.parse(raw), head_sequence=0)
                until = time.monotonic() + QUIET_SECONDS
            except (Gap, Unavailable):
                self._recalled = False
                return
            except Refusal as error:
                await self._note(error)
                return

    async def _catch_up(self) -> None:
        """Pull pages until the head. Without hints, the last question waits for something new."""
        if self.progress.staged:
            await self._backfill(lost=() if self._to.rereads else None)
        while True:
            await self._to.patience()
            wait = 0.0 if self._to.hinted() or self.progress.state is not State.LIVE else LONG_POLL_SECONDS
            try:
                answer = await self._to.source.commits(self.feed, self.progress.cursor, wait)
            except SnapshotDue:
                await self._backfill(lost=None)
                continue
            except Beyond:
                if not self._to.rereads:
                    raise
                await self._backfill(lost=())
                continue
            head = await self._told(answer)
            for frame in answer.frames:
                await self._take(frame, head_sequence=head.head.sequence)
            at_head = head.head.cursor == self.progress.cursor
            await self._ask_for_bodies(at_head=at_head)
            if at_head or not answer.frames:
                self._compare(head.head)
                return

    async def _told(self, answer: Answer) -> SignedHead:
        signed = open_head(answer.head, feed=self.feed, keys=self._to.holder_keys, nonce=answer.nonce)
        if standing(self.progress.cursor, signed.head.cursor, self.feed) is not Standing.OLD:
            self.progress.head = signed.head
        self._measure()
        return signed

    def _compare(self, head: Head) -> None:
        """At an equal cursor the holder's digest is ours, or one of the copies is wrong."""
        at = self.progress.cursor
        if head.cursor == at and head.digest == self.progress.digest:
            self.progress.equal_at = utc_now()
        elif head.cursor == at:
            raise WrongDigest(f"at {at} the holder has digest {head.digest}, we have {self.progress.digest}")

    async def _take(self, frame: Frame, *, head_sequence: int) -> None:
        place, row, changes = await self._to.database.write(self._apply, frame, head_sequence)
        self._remember(row)
        if place is Place.NEXT:
            APPLIED.labels(self._to.service, str(self.feed)).inc(changes)
            log.debug("applied", service=self._to.service, sequence=row.sequence, commit=row.hash, changes=changes)
            self._to.applied(self.feed)

    def _apply(self, session: Session, frame: Frame, head_sequence: int) -> tuple[Place, FeedRow, int]:
        """Open and apply one commit. Runs in the writing thread, so that hashing blocks nobody."""
        commit = open_commit(frame, feed=self.feed, keys=self._to.keys)
        row = feeds.found_or_opened(session, self.feed)
        moment = Moment(utc_now(), time.time(), max(head_sequence, commit.header.sequence))
        place = apply(session, self._to.inbox, row, commit, moment=moment)
        return place, row, len(commit.header.changes)

    async def _recall(self) -> None:
        """Begin from what the database has: a transaction that failed at its very end has moved nothing."""
        self._remember(await self._to.database.write(feeds.found_or_opened, self.feed))
        self._recalled = True

    def _remember(self, row: FeedRow) -> None:
        """What is committed, for the next question and for people."""
        counted = Digest.from_bytes(row.digest)
        at = self.progress
        at.cursor, at.position, at.digest, at.count = row.cursor, row.position, counted.hex, counted.count
        at.staged = row.staged
        self._measure()

    def _measure(self) -> None:
        """Since when we are behind, and by how much, for people and for alerts; unknown is not zero."""
        now = time.monotonic()
        self.progress.look(now)
        changes, seconds = self.progress.behind_changes, self.progress.behind_seconds(now)
        BEHIND.labels(self._to.service, str(self.feed)).set(math.nan if changes is None else changes)
        BEHIND_SECONDS.labels(self._to.service, str(self.feed)).set(math.nan if seconds is None else seconds)

    async def _ask_for_bodies(self, *, at_head: bool) -> None:
        """Ask once more for bodies that are owed by now (rule 7)."""

        def owed(session: Session) -> list[Change]:
            row = feeds.find(session, self.feed)
            return overdue(session, row, at_head=at_head) if row else []

        wanted = await self._to.database.read(owed)
        if not wanted:
            return
        answer = await self._to.source.bodies(self.feed, wanted)
        head = await self._told(answer)
        if len(answer.frames) != 1:
            raise Malformed("an answer about bodies is one segment")
        given = snapshots.open_answer(answer.frames[0], feed=self.feed, asked=wanted)

        def take(session: Session) -> None:
            row = feeds.found_or_opened(session, self.feed)
            moment = Moment(utc_now(), time.time(), head.head.sequence)
            fill(session, self._to.inbox, row, wanted, given, moment=moment)

        await self._to.database.write(take)
        self._to.applied(self.feed)

    async def _backfill(self, lost: tuple[Change, ...] | None) -> None:
        await self._become(State.BACKFILLING, "reading a snapshot")
        backfill = Backfill(self.feed, self._to.source, self._to.holder_keys, self._to.database, self._to.inbox)
        await backfill.run(self.progress.cursor, lost)
        await self._recall()
        self._to.applied(self.feed)

    async def _become(self, state: State, why: str) -> None:
        if (state, why) == (self.progress.state, self.progress.why):
            return
        if state is not self.progress.state:
            if state not in TRANSITIONS[self.progress.state]:
                raise RuntimeError(f"{self.feed} cannot go from {self.progress.state} to {state}")
            self.progress.since = utc_now()
            log.info("feed state", state=state.value, why=why)
        self.progress.state, self.progress.why = state, why

        def write(session: Session) -> None:
            row = feeds.found_or_opened(session, self.feed)
            row.state, row.since, row.why = state.value, self.progress.since, why[:500]

        try:
            await self._to.database.write(write)
        except Unavailable as error:
            log.warning("the feed's state could not be written", why=str(error))

    async def _note(self, refusal: Refusal) -> None:
        """Write down what was refused, so that an operator sees it."""
        self.progress.refused += 1
        REFUSED.labels(self._to.service, str(self.feed), refusal.code).inc()
        log.warning("refused", code=refusal.code, why=refusal.why)
        await self._to.database.write(refusals.note, self.feed, refusal.code, refusal.why, utc_now())

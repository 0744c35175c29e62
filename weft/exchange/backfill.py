"""Taking over a snapshot from its holder: manifest, segments one by one, then the cut to live commits."""

import time
from collections.abc import Iterable, Mapping

from sqlmodel import Session

from weft.clock import utc_now
from weft.database import Database
from weft.exchange.source import SnapshotGone, Source
from weft.inbox import backfill
from weft.inbox.moment import Moment
from weft.inbox.settle import Inbox
from weft.log import feeds
from weft.problems import Unavailable
from weft.protocol.commits import open_head
from weft.protocol.ledger import Name
from weft.protocol.names import Cursor, Feed
from weft.protocol.receiver import Standing, standing
from weft.protocol.signing import VerifyKey
from weft.protocol.snapshots import OpenSegment, open_manifest, open_segment
from weft.protocol.statements import Change, Manifest

TRIES = 5


class Backfill:
    """One snapshot of one feed. A segment is one transaction; beginning again takes over what is there already."""

    def __init__(
        self, feed: Feed, source: Source, keys: Mapping[str, VerifyKey], database: Database, inbox: Inbox
    ) -> None:
        self._feed = feed
        self._source = source
        self._keys = keys
        self._database = database
        self._inbox = inbox

    async def run(self, cursor: Cursor, lost: Iterable[Change] | None) -> None:
        """Read the present snapshot; when it is replaced meanwhile, read the new one.

        `cursor`: how far we were; an older snapshot proves nothing about now, whoever sends it again.

        Raises:
            Unavailable: it was replaced again and again; the follower comes back to it.
        """
        for _ in range(TRIES):
            try:
                return await self._once(cursor, lost)
            except SnapshotGone:
                continue
        raise Unavailable("the snapshot was replaced again and again while it was read")

    async def _once(self, cursor: Cursor, lost: Iterable[Change] | None) -> None:
        manifest = open_manifest(await self._source.manifest(self._feed), feed=self._feed, keys=self._keys).manifest
        if standing(cursor, manifest.cursor, self._feed) is Standing.OLD:
            raise Unavailable("the snapshot that is offered is older than what we have")
        held: set[Name] = set()
        sealed_at = utc_now()
        for hash_ in manifest.segments:
            answer = await self._source.segment(self._feed, hash_)
            head = open_head(answer.head, feed=self._feed, keys=self._keys, nonce=answer.nonce).head
            segment = open_segment(answer.frames[0], feed=self._feed, expected=hash_)
            held.update(change.name for change in segment.entries)
            sealed_at = head.sealed_at
            await self._database.write(self._stage, segment, manifest, head.sequence)
        await self._database.write(self._finish, manifest, held, lost, sealed_at)

    def _stage(self, session: Session, segment: OpenSegment, manifest: Manifest, head_sequence: int) -> None:
        row = feeds.found_or_opened(session, self._feed)
        moment = Moment(utc_now(), time.time(), head_sequence)
        backfill.stage(session, self._inbox, row, segment, manifest, moment=moment)

    def _finish(
        self, session: Session, manifest: Manifest, held: set[Name], lost: Iterable[Change] | None, sealed_at: str
    ) -> None:
        row = feeds.found_or_opened(session, self._feed)
        moment = Moment(utc_now(), time.time(), manifest.sequence)
        backfill.finish(session, self._inbox, row, manifest, held, lost=lost, sealed_at=sealed_at, moment=moment)

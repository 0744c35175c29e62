"""A reading process: sync follows the origins, the reading service follows its own sync. Memory holds only downloads.

Over 300 lines, so that one reader's whole conversation with its holder stands in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from sqlmodel import Session

from tests.simulation import branches
from tests.simulation.network import Answer, Ask
from tests.simulation.origin import Ended, feeds_for
from tests.simulation.process import Process
from tests.simulation.projection import Shelf
from weft.inbox import backfill, parking, settle
from weft.inbox.apply import apply, fill, overdue
from weft.inbox.moment import Moment
from weft.inbox.settle import Inbox
from weft.log import feeds, serve, snapshot
from weft.log.models import FeedRow
from weft.problems import Problem
from weft.protocol import frames
from weft.protocol.commits import open_commit, open_head
from weft.protocol.guard import Guard
from weft.protocol.ledger import Name
from weft.protocol.names import START, Cursor, Feed
from weft.protocol.receiver import Standing, standing
from weft.protocol.refusals import Beyond, Contradiction, Gap
from weft.protocol.signing import SigningKey
from weft.protocol.snapshots import open_manifest, open_segment
from weft.protocol.statements import Change, Manifest

if TYPE_CHECKING:
    from tests.simulation.origin import Origin
    from tests.simulation.world import World


@dataclass
class Download:
    """A snapshot on its way: the last commit that we share with the holder, then its parts."""

    common: Cursor | None = None
    handed: bool = False
    manifest: Manifest | None = None
    staged: set[str] = field(default_factory=set)
    names: set[Name] = field(default_factory=set)
    ended: dict[Name, Any] | None = None
    sealed_at: str = "1970-01-01T00:00:00.000Z"


class Follower(Process):
    def __init__(self, world: World, node: str, identity: str, key: SigningKey, guard: Guard | None) -> None:
        """`guard`: None for sync, which shows nothing."""
        super().__init__(world, f"{node}.{'reader' if guard else 'sync'}")
        self.node = node
        self.identity = identity
        self.key = key
        self.shelf = Shelf() if guard else None
        self.inbox = Inbox(self.shelf, keep_headers=guard is None, guard=guard)
        self.downloads: dict[Feed, Download] = {}

    def forget(self) -> None:
        self.downloads.clear()

    def committed(self) -> None:
        if self.shelf is not None:
            self.world.oracle.judges_effects(self, self.shelf.odd)
            self.shelf.odd.clear()

    def stop(self) -> None:
        super().stop()
        if self.shelf is not None:
            self.shelf.odd.clear()

    def feeds(self) -> list[Feed]:
        names = self.world.names
        return [feed for origin in names if self.shelf or origin != self.node for feed in feeds_for(origin, self.node)]

    def source(self, feed: Feed) -> Origin | Follower:
        if self.shelf is None or feed.origin == self.node:
            return self.world.origins[feed.origin]
        return self.world.syncs[self.node]

    def _moment(self, head: int) -> Moment:
        return Moment(self.world.now(), self.world.seconds, head)

    # ---- asking --------------------------------------------------------------------------------------------------
    def look(self, feed: Feed) -> None:
        """One look at a feed: ask for whatever comes next."""
        with self.reading() as session:
            found = feeds.find(session, feed)
            row = found or FeedRow(name=str(feed), digest=feeds.EMPTY)
            cursor, stopped, staged = row.cursor, row.state == "desynchronised", row.staged
        if stopped:
            return
        if staged and feed not in self.downloads:
            self.downloads[feed] = Download()
        if feed in self.downloads:
            self._ask(self._next(feed, cursor, self.downloads[feed]))
            return
        self._ask(Ask("page", feed, cursor))

    def _ask(self, ask: Ask) -> None:
        self.world.network.ask(self, self.source(ask.feed), ask)

    def _next(self, feed: Feed, cursor: Cursor, download: Download) -> Ask:
        if cursor != START and download.common is None:
            return Ask("common", feed, self._cursors(feed, cursor))
        if self._orphaned(cursor, download) and not download.handed:
            orphans = self._orphans(feed, download)
            if orphans:
                return Ask("handed", feed, orphans)
            download.handed = True
        if download.manifest is None:
            return Ask("manifest", feed)
        for hash_ in download.manifest.segments:
            if hash_ not in download.staged:
                return Ask("segment", feed, hash_)
        with self.reading() as session:
            ours = feeds.all_entries(session, serve_row(session, feed))
        missing = [name for name, entry in ours.items() if entry.op == "put" and name not in download.names]
        return Ask("ended", feed, Ended(missing, download.manifest.sequence))

    @staticmethod
    def _orphaned(cursor: Cursor, download: Download) -> bool:
        return download.common is not None and download.common != cursor

    def _cursors(self, feed: Feed, cursor: Cursor) -> list[Cursor]:
        with self.reading() as session:
            return [cursor, *branches.cursors(session, serve_row(session, feed))]

    def _orphans(self, feed: Feed, download: Download) -> list[bytes]:
        """Commits that the origin does not know, as far as this database has kept them."""
        with self.reading() as session:
            row = serve_row(session, feed)
            return [commit.to_bytes() for commit in branches.kept_after(session, row, download.common or START)]

    # ---- hearing -------------------------------------------------------------------------------------------------
    def receive(self, answer: Answer) -> None:
        feed = answer.ask.feed
        try:
            if answer.problem:
                self._refused(answer)
            elif feed in self.downloads:
                self._downloaded(answer, self.downloads[feed])
            elif answer.ask.kind == "page":
                self._page(answer)
            elif answer.ask.kind == "bodies":
                self._bodies(answer)
        except Gap:
            return
        except Beyond:
            self.downloads.setdefault(feed, Download())
        except Contradiction as contradiction:
            self._stops(feed, contradiction)

    def hears(self, feed: Feed, frame: bytes) -> None:
        """A message of the broker: a hint, and the commit itself when nothing of it is missing."""
        try:
            commit = open_commit(frames.parse(frame), feed=feed, keys=self.world.keys_of(feed.origin))
            if len(commit.bodies) == sum(change.op == "put" for change in commit.header.changes):
                with self.writing() as session:
                    row = feeds.found_or_opened(session, feed)
                    if row.state != "desynchronised":
                        apply(session, self.inbox, row, commit, moment=self._moment(commit.header.sequence))
        except Gap:
            return
        except Beyond:
            self.downloads.setdefault(feed, Download())
        except Contradiction as contradiction:
            self._stops(feed, contradiction)

    def _stops(self, feed: Feed, contradiction: Contradiction) -> None:
        """The line stops, the last good state stays, an operator is told."""
        self.world.note(f"  {self.name}: {feed} stops: {contradiction.code}: {contradiction.why}")
        with self.writing() as session:
            row = serve_row(session, feed)
            row.state, row.why = "desynchronised", f"{contradiction.code}: {contradiction.why}"
            session.add(row)

    def _refused(self, answer: Answer) -> None:
        ask = answer.ask
        cursor = self._cursor(ask.feed)
        if ask.kind == "page" and ask.about == cursor and answer.problem in {"snapshot-first", "unknown-cursor"}:
            self.downloads.setdefault(ask.feed, Download())
        download = self.downloads.get(ask.feed)
        if download is not None and ask.kind == "segment" and answer.problem == "not-found":
            download.manifest = None

    def _cursor(self, feed: Feed) -> Cursor:
        with self.reading() as session:
            row = feeds.find(session, feed)
            return row.cursor if row else START

    def _page(self, answer: Answer) -> None:
        feed = answer.ask.feed
        *commits, last = answer.frames
        head = open_head(frames.parse(last), feed=feed, keys=self._holder_keys(feed)).head
        standing(self._cursor(feed), head.cursor, feed)
        for raw in commits:
            commit = open_commit(frames.parse(raw), feed=feed, keys=self.world.keys_of(feed.origin))
            with self.writing() as session:
                row = serve_row(session, feed)
                apply(session, self.inbox, row, commit, moment=self._moment(head.sequence))
        with self.reading() as session:
            found = feeds.find(session, feed)
            owed = overdue(session, found, at_head=found.cursor == head.cursor) if found else []
        if owed:
            self._ask(Ask("bodies", feed, owed))

    def _holder_keys(self, feed: Feed) -> dict[str, Any]:
        public = self.source(feed).key.public
        return {public.fingerprint: public}

    def _bodies(self, answer: Answer) -> None:
        feed = answer.ask.feed
        head = open_head(frames.parse(answer.frames[1]), feed=feed, keys=self._holder_keys(feed)).head
        segment = open_segment(frames.parse(answer.frames[0]), feed=feed, expected=None)
        given = {segment.entries[at].name: body for at, body in segment.bodies.items()}
        with self.writing() as session:
            row = serve_row(session, feed)
            asked = cast(Sequence[Change], answer.ask.about)
            fill(session, self.inbox, row, asked, given, moment=self._moment(head.sequence))

    def _downloaded(self, answer: Answer, download: Download) -> None:
        ask = answer.ask
        if ask.kind == "common" and cast(Sequence[Cursor], ask.about)[0] == self._cursor(ask.feed):
            download.common = cast(Cursor, answer.told)
        elif ask.kind == "handed":
            download.handed = True
        elif ask.kind == "manifest" and download.manifest is None:
            found = open_manifest(frames.parse(answer.frames[0]), feed=ask.feed, keys=self._holder_keys(ask.feed))
            if standing(self._cursor(ask.feed), found.manifest.cursor, ask.feed) is not Standing.OLD:
                download.manifest, download.staged, download.names = found.manifest, set(), set()
        elif download.manifest is not None and ask.kind == "segment" and ask.about in download.manifest.segments:
            self._segment(answer, download, download.manifest)
        elif download.manifest is not None and ask.kind == "ended":
            question = cast(Ended, ask.about)
            if question.at == download.manifest.sequence and download.staged == set(download.manifest.segments):
                self._finish(ask.feed, download, download.manifest, cast(dict[Name, Any], answer.told))

    def _segment(self, answer: Answer, download: Download, manifest: Manifest) -> None:
        feed = answer.ask.feed
        head = open_head(frames.parse(answer.frames[1]), feed=feed, keys=self._holder_keys(feed)).head
        segment = open_segment(frames.parse(answer.frames[0]), feed=feed, expected=str(answer.ask.about))
        with self.writing() as session:
            row = serve_row(session, feed)
            backfill.stage(session, self.inbox, row, segment, manifest, moment=self._moment(head.sequence))
        download.staged.add(str(answer.ask.about))
        download.names |= {change.name for change in segment.entries}
        download.sealed_at = head.sealed_at

    def _finish(self, feed: Feed, download: Download, manifest: Manifest, ended: dict[Name, Any]) -> None:
        with self.writing() as session:
            row = serve_row(session, feed)
            common = download.common or row.cursor
            lost: list[Change] | None = None
            if common != row.cursor:
                lost = [change for kept in branches.headers_after(session, row, common) for change in kept.changes]
            backfill.finish(
                session,
                self.inbox,
                row,
                manifest,
                download.names,
                lost=lost,
                common=common,
                ended=ended,
                sealed_at=download.sealed_at,
                moment=self._moment(manifest.sequence),
            )
        del self.downloads[feed]

    # ---- serving: a node's own services read from its sync ----------------------------------------------------
    def answer(self, who: str, identity: str, ask: Ask) -> Answer:
        try:
            return self._answered(ask)
        except Problem as problem:
            return Answer(ask, problem=problem.code)

    def _answered(self, ask: Ask) -> Answer:
        feed, key = ask.feed, self.key
        if ask.kind == "manifest":
            with self.writing() as session:
                return Answer(ask, (snapshot.take(session, feed, key),))
        with self.reading() as session:
            if ask.kind == "page":
                after = cast(Cursor, ask.about)
                page = serve.page(session, feed, after, since=0, bodies=serve.kept, key=key)
                return Answer(ask, (*(commit.to_bytes() for commit in page.commits), page.head.to_bytes()))
            if ask.kind == "segment":
                raw, head = snapshot.segment(session, feed, str(ask.about), bodies=serve.kept, key=key)
                return Answer(ask, (raw, head.to_bytes()))
            if ask.kind == "bodies":
                wanted = cast(Sequence[Change], ask.about)
                raw, head = serve.asked(session, feed, wanted, bodies=serve.kept, key=key)
                return Answer(ask, (raw, head.to_bytes()))
            if ask.kind == "ended":
                question = cast(Ended, ask.about)
                return Answer(ask, told=snapshot.ended(session, feed, question.missing, at=question.at, since=0))
            if ask.kind == "common":
                return Answer(ask, told=branches.newest_known(session, feed, cast(Sequence[Cursor], ask.about)))
        return Answer(ask, told=True)

    # ---- an operator's decision ----------------------------------------------------------------------------------
    def let_deletions_through(self, origin: str, names: Sequence[Name]) -> None:
        with self.writing() as session:
            waiting = sorted(parking.find(session, origin, names))
            parking.end(session, origin, waiting)
            assert self.shelf is not None
            settle.hide(session, self.shelf, origin, waiting)


def serve_row(session: Session, feed: Feed) -> FeedRow:
    return feeds.found_or_opened(session, feed)

"""Backfilling: taking over a snapshot, segment by segment, each in its own transaction; the last one moves the cursor."""

from collections.abc import Iterable, Mapping

from sqlalchemy import delete, tuple_
from sqlmodel import Session

from weft.database.statements import table
from weft.inbox.apply import alone, move
from weft.inbox.moment import Moment
from weft.inbox.settle import Inbox, settle
from weft.log import feeds
from weft.log.models import CommitRow, FeedRow
from weft.protocol.digest import Digest
from weft.protocol.frames import Body
from weft.protocol.ledger import End, Entry, Name, orphaned, replace
from weft.protocol.names import START, Cursor
from weft.protocol.snapshots import OpenSegment, check_whole
from weft.protocol.statements import Change, Manifest

_commit = table(CommitRow)


def stage(session: Session, inbox: Inbox, row: FeedRow, segment: OpenSegment, at: Manifest, *, moment: Moment) -> None:
    """Take over one segment. Doing it again changes nothing; the cursor stays until the last one is there.

    From the first segment on the ledger is past the cursor, so commits wait until `finish`, through restarts too.
    """
    alone(session, row)
    names = [change.name for change in segment.entries]
    before = feeds.entries(session, row, names)
    changed: dict[Name, Entry | None] = {}
    bodies: dict[Name, Body] = {}
    for index, change in enumerate(segment.entries):
        body = segment.bodies.get(index)
        entry = Entry("put", change.version, change.hash, change.length, present=body is not None)
        held = before.get(change.name)
        if held == entry or (held and held.present and held[:3] == entry[:3]):
            continue
        changed[change.name] = entry
        if body is not None:
            bodies[change.name] = body
    row.staged = True
    session.flush()
    settle(session, inbox, row, changed, bodies, sequence=at.sequence, moment=moment)


def finish(
    session: Session,
    inbox: Inbox,
    row: FeedRow,
    manifest: Manifest,
    held: Iterable[Name],
    *,
    lost: Iterable[Change] | None = None,
    common: Cursor = START,
    ended: Mapping[Name, End] | None = None,
    sealed_at: str,
    moment: Moment,
) -> None:
    """End what the snapshot lacks, check the whole against the manifest, and go on from its cursor (rules 3 and 9).

    `held`: the names in all its segments. `ended`: what the origin told of our records that the snapshot lacks; a
    deletion among them meets the guard. `lost`: for a reader past the epoch's predecessor, the changes of the branch
    that was given up, empty when it does not know them; their marks are forgotten, and headers after `common`, the
    last commit that the reader and the origin share, are no longer handed on.

    Raises:
        WrongDigest: the copy is not what was signed for; nothing of this call stays.
    """
    alone(session, row)
    names = set(held)
    ours = feeds.all_entries(session, row)
    present = {name: ours[name] for name in names if name in ours}
    newcomer = row.sequence == 0
    if newcomer:
        changed: dict[Name, Entry | None] = {name: None for name in ours if name not in names}
    elif lost is not None:
        changed = orphaned(ours, present, list(lost) or None)
        _forget_headers(session, row, common)
    else:
        changed = {name: _ended(entry, (ended or {}).get(name)) for name, entry in replace(ours, present).items()}
    settle(session, inbox, row, changed, {}, sequence=manifest.sequence, moment=moment)
    digest = Digest()
    for name, entry in present.items():
        digest.add(*name, str(entry.version), entry.hash)
    check_whole(manifest, digest)
    move(session, row, manifest.cursor, digest, position=manifest.position, sealed_at=sealed_at)


def _ended(mark: Entry, told: End | None) -> Entry:
    """A hold's end as the origin told it: at the version that ended it, and as the deletion that it was."""
    if told is None or told[1] < mark.version:
        return mark
    return Entry("delete" if told[0] == "deleted" else "withdraw", told[1])


def _forget_headers(session: Session, row: FeedRow, common: Cursor) -> None:
    session.connection().execute(
        delete(_commit).where(
            _commit.c.feed == row.number,
            tuple_(_commit.c.epoch, _commit.c.sequence) > (common.epoch, common.sequence),
        )
    )

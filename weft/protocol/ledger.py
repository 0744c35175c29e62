"""Ledgers: per feed, each record's last entry. Only the feed's own commits and snapshots change one (rule 1)."""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from weft.protocol.digest import Digest
from weft.protocol.names import Version
from weft.protocol.refusals import Regression
from weft.protocol.statements import Change, Op

Name = tuple[str, str]
"""A record within its origin: (kind, id)."""


class Entry(NamedTuple):
    """A feed's last word on a record. `present`: the body is here (puts only; a put without it is owed one)."""

    op: Op
    version: Version
    hash: str = ""
    length: int = 0
    present: bool = False


def advance(name: Name, before: Entry | None, change: Change, *, present: bool) -> Entry:
    """The entry after a change of this feed. A feed's versions of a record only rise."""
    version = change.version
    if before and version <= before.version:
        raise Regression(f"{'/'.join(name)} at {version} after {before.version}")
    return Entry(change.op, version, change.hash, change.length, present)


def count(digest: Digest, name: Name, before: Entry | None, after: Entry | None) -> None:
    """Move the digest from one entry of a record to the next. It is over what the feed holds, so over puts."""
    if before and before.op == "put":
        digest.remove(*name, str(before.version), before.hash)
    if after and after.op == "put":
        digest.add(*name, str(after.version), after.hash)


def replace(before: Mapping[Name, Entry], held: Mapping[Name, Entry]) -> dict[Name, Entry]:
    """What a snapshot changes in a ledger (rule 3): what it holds is taken over, and a hold that it lacks ends.

    An ended hold leaves a mark at its version, so that no older version in another feed comes back. A newcomer, whose
    ledger is empty, gets no marks and so learns nothing of what ended before it came.
    """
    changed = {name: entry for name, entry in held.items() if before.get(name) != entry}
    for name, entry in before.items():
        if entry.op == "put" and name not in held:
            changed[name] = Entry("withdraw", entry.version)
    return changed


def orphaned(
    before: Mapping[Name, Entry], held: Mapping[Name, Entry], lost: Iterable[Change] | None
) -> dict[Name, Entry | None]:
    """What a snapshot changes for a reader past the epoch's predecessor (rule 9): as `replace`, but no mark stays.

    Marks of the branch that was given up would outdate what the origin says now. `None` forgets the record.
    `lost`: the changes past the predecessor; None where a snapshot was read there, which says not what it ended.
    """
    given_up = set(before) if lost is None else {change.name for change in lost}
    changed: dict[Name, Entry | None] = dict(replace(before, held))
    for name, entry in before.items():
        if name not in held and (name in given_up or entry.op == "put"):
            changed[name] = None
    return changed


End = tuple[Literal["withdrawn", "deleted"], Version]


def ends(ours: Mapping[Name, Entry], missing: Iterable[Name]) -> dict[Name, End]:
    """What the origin answers to a returning reader that names its keys which the snapshot lacks.

    Only a deletion meets the reader's guard. What this feed never held, or no longer knows of, reads as withdrawn.
    """
    told: dict[Name, End] = {}
    for name in missing:
        entry = ours.get(name)
        if entry and entry.op != "put":
            told[name] = ("deleted" if entry.op == "delete" else "withdrawn", entry.version)
    return told

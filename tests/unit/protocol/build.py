"""An origin and a reader in memory: just enough of both to say what a person would do with a feed."""

from collections.abc import Iterable
from typing import NamedTuple

from weft.protocol.commits import Commit, SignedHead, seal, state_head
from weft.protocol.digest import Digest
from weft.protocol.frames import Body
from weft.protocol.ledger import Entry, Name, advance, count
from weft.protocol.names import START, Cursor, Epoch, Feed, Version
from weft.protocol.receiver import Place, place
from weft.protocol.refusals import WrongDigest
from weft.protocol.signing import SigningKey
from weft.protocol.statements import Change

FEED = Feed.parse("eca/catalog/network")
KEY = SigningKey(bytes(range(32)))
KEYS = {KEY.public.fingerprint: KEY.public}
FIRST = Epoch.parse("1.0000000a")
SECOND = Epoch.parse("2.0000000b")
THIRD = Epoch.parse("3.0000000c")
NOW = "2026-03-01T12:00:00.000Z"


class Edit(NamedTuple):
    """What an editor did to one record: a text is a put, None with an `op` an end."""

    id: str
    version: Version
    text: str | None = None
    op: str = "put"

    @property
    def body(self) -> Body | None:
        return None if self.text is None else Body(self.id.encode().ljust(16, b"\0")[:16], self.text.encode())

    @property
    def change(self) -> Change:
        body = self.body
        if body is None:
            return Change(self.op, "document", self.id, str(self.version))  # type: ignore[arg-type]  # op is one of Op
        return Change("put", "document", self.id, str(self.version), body.hash, len(body.data))


def put(id_: str, number: int, text: str = "text", epoch: Epoch = FIRST) -> Edit:
    return Edit(id_, Version(epoch, number), text)


def withdraw(id_: str, number: int, epoch: Epoch = FIRST) -> Edit:
    return Edit(id_, Version(epoch, number), op="withdraw")


def delete(id_: str, number: int, epoch: Epoch = FIRST) -> Edit:
    return Edit(id_, Version(epoch, number), op="delete")


class Origin:
    """One feed of an origin: its chain, its ledger and its digest."""

    def __init__(self, feed: Feed = FEED, key: SigningKey = KEY, epoch: Epoch = FIRST) -> None:
        self.feed, self.key, self.epoch = feed, key, epoch
        self.commits: list[Commit] = []
        self.ledger: dict[Name, Entry] = {}
        self.digest = Digest()

    @property
    def cursor(self) -> Cursor:
        return self.commits[-1].cursor if self.commits else START

    @property
    def position(self) -> int:
        return self.commits[-1].header.position if self.commits else 0

    def commit(self, *edits: Edit) -> Commit:
        for edit in edits:
            _take(self.ledger, self.digest, edit.change, present=edit.body is not None)
        sealed = seal(
            feed=self.feed,
            epoch=self.epoch,
            after=self.cursor,
            position=self.position + len(edits),
            changes=[edit.change for edit in edits],
            bodies={at: edit.body for at, edit in enumerate(edits) if edit.body},
            digest=self.digest.hex,
            key=self.key,
            sealed_at=NOW,
        )
        self.commits.append(sealed)
        return sealed

    def restored(self, to: int, epoch: Epoch) -> "Origin":
        """Another life of this origin that knows only its first `to` commits and goes on in another epoch."""
        other = Origin(self.feed, self.key, epoch)
        for commit in self.commits[:to]:
            for change in commit.header.changes:
                _take(other.ledger, other.digest, change, present=True)
            other.commits.append(commit)
        return other

    def head(self) -> SignedHead:
        return state_head(
            feed=self.feed,
            epoch=self.epoch,
            at=self.cursor,
            position=self.position,
            digest=self.digest.hex,
            count=self.digest.count,
            sealed_at=NOW,
            key=self.key,
        )

    @property
    def puts(self) -> list[Change]:
        return [
            Change("put", *name, str(entry.version), entry.hash, entry.length)
            for name, entry in sorted(self.ledger.items())
            if entry.op == "put"
        ]


class Reader:
    """Applies commits that belong next, passes over what it saw, and raises the refusal otherwise."""

    def __init__(self) -> None:
        self.cursor = START
        self.ledger: dict[Name, Entry] = {}
        self.digest = Digest()

    def apply(self, commit: Commit) -> Place:
        found = place(self.cursor, commit)
        if found is Place.NEXT:
            ledger, digest = dict(self.ledger), Digest.from_bytes(self.digest.to_bytes())
            for at, change in enumerate(commit.header.changes):
                _take(ledger, digest, change, present=at in commit.bodies)
            if digest.hex != commit.header.digest:
                raise WrongDigest("this copy is not what the header says")
            self.ledger, self.digest, self.cursor = ledger, digest, commit.cursor
        return found


def _take(ledger: dict[Name, Entry], digest: Digest, change: Change, *, present: bool) -> None:
    before = ledger.get(change.name)
    after = advance(change.name, before, change, present=present)
    count(digest, change.name, before, after)
    ledger[change.name] = after


def without_bodies(commit: Commit, missing: Iterable[int]) -> Commit:
    gone = set(missing)
    return commit._replace(bodies={at: body for at, body in commit.bodies.items() if at not in gone})

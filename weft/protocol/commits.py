"""Commits: sealing changes into a signed, chained header with its bodies beside it, and opening what came."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from weft.protocol import frames, statements
from weft.protocol.frames import Body, Frame
from weft.protocol.limits import BODY_BYTES
from weft.protocol.names import Cursor, Epoch, Feed
from weft.protocol.refusals import BadBody, BadSignature, ForeignFeed, Incompatible, Malformed, Oversize, Replayed
from weft.protocol.signing import SigningKey, VerifyKey
from weft.protocol.statements import Change, Head, Header, Manifest, Opening

COMMIT, HEAD = "commit", "head"
Signed = TypeVar("Signed", Header, Head, Manifest)


class Commit(NamedTuple):
    """A header as the exact bytes that were signed, and those of its bodies that came along."""

    header: Header
    raw: bytes
    signature: bytes
    bodies: Mapping[int, Body]

    @property
    def hash(self) -> str:
        return hash_of(self.raw)

    @property
    def cursor(self) -> Cursor:
        return Cursor(Epoch.parse(self.header.epoch), self.header.sequence, self.hash)

    def to_bytes(self) -> bytes:
        return Frame(frames.COMMIT, self.raw, self.signature, frames.pack(self.bodies)).to_bytes()


def hash_of(raw: bytes) -> str:
    """A header's hash: what the next header names as its previous one."""
    return hashlib.sha256(b"weft/header/v1\0" + raw).hexdigest()


def seal(
    *,
    feed: Feed,
    epoch: Epoch,
    after: Cursor,
    position: int,
    changes: list[Change],
    bodies: Mapping[int, Body],
    digest: str,
    key: SigningKey,
    sealed_at: str,
) -> Commit:
    """The commit that follows `after`; `position` counts all changes of the feed, these included.

    The first one of an epoch names where its predecessor ended (rule 8)."""
    opens = after.sequence > 0 and after.epoch != epoch
    header = Header(
        format=1,
        feed=str(feed),
        epoch=str(epoch),
        sequence=after.sequence + 1,
        position=position,
        previous=after.hash,
        opens=Opening(str(Epoch(after.epoch)), after.sequence, after.hash) if opens else None,
        digest=digest,
        signer=key.public.fingerprint,
        sealed_at=sealed_at,
        changes=changes,
    )
    check_form(header)
    raw = statements.encode(header)
    return Commit(header, raw, key.sign(COMMIT, raw), bodies)


def open_commit(frame: Frame, *, feed: Feed, keys: Mapping[str, VerifyKey]) -> Commit:
    """Check what a commit says of itself: form, feed, signature, bodies. Its place in the chain is judged elsewhere.

    Raises:
        Unauthentic: nothing shows that the origin said this; see the subclasses.
        Incompatible: a format that this code does not know.
    """
    if frame.kind != frames.COMMIT:
        raise Malformed("this frame is not a commit")
    header = authentic(Header, COMMIT, frame, feed=feed, keys=keys)
    check_form(header)
    bodies = frames.unpack(frame.payload)
    check_bodies(header.changes, bodies)
    return Commit(header, frame.statement, frame.signature, bodies)


def authentic(kind: type[Signed], purpose: str, frame: Frame, *, feed: Feed, keys: Mapping[str, VerifyKey]) -> Signed:
    """The statement in a frame, once it is shown that the origin made it about this feed.

    An unknown format is believed only when a key of the origin signed it: else anyone on the way could stop a feed.
    """
    try:
        statement = statements.decode(kind, frame.statement)
    except Incompatible:
        if not any(key.signed(purpose, frame.statement, frame.signature) for key in keys.values()):
            raise BadSignature("an unknown format that no key of this origin signed") from None
        raise
    if statement.feed != str(feed):
        raise ForeignFeed(f"a {purpose} of {statement.feed} where one of {feed} was due")
    if statement.signer not in keys:
        raise BadSignature(f"{statement.signer} is not a key of this origin")
    keys[statement.signer].verify(purpose, frame.statement, frame.signature)
    return statement


def check_form(header: Header) -> None:
    """What canonical JSON cannot say of a header: no key twice, bodies for puts alone, links that agree."""
    if len({change.name for change in header.changes}) != len(header.changes):
        raise Malformed("a commit changes one record twice")
    check_puts(header.changes)
    epoch = Epoch.parse(header.epoch)
    if any(Epoch.parse(text) > epoch for text in {change.version_text.rpartition(".")[0] for change in header.changes}):
        raise Malformed("a change carries a later epoch than its commit")
    first = header.sequence == 1
    if header.position < len(header.changes) or (first and header.position > len(header.changes)):
        raise Malformed("the position does not count the changes up to here")
    if first != (header.previous == ""):
        raise Malformed("the first commit has no previous one, every other has")
    opens = header.opens
    if opens and (
        opens.sequence + 1 != header.sequence or opens.hash != header.previous or opens.cursor.epoch >= epoch
    ):
        raise Malformed("the opening of an epoch does not name the commit before it")


def check_puts(changes: Iterable[Change]) -> None:
    """A put names a body, nothing else does; a body keeps to its limit."""
    for change in changes:
        if (change.op == "put") != bool(change.hash) or (change.op != "put" and change.length):
            raise Malformed(f"{change.op} of {change.kind}/{change.id}: only a put names a body")
        if change.length > BODY_BYTES:
            raise Oversize(f"a body of {change.length} bytes is over {BODY_BYTES}")


def check_bodies(changes: list[Change], bodies: Mapping[int, Body]) -> None:
    """Bodies are bound by their hashes alone: each must be the one that its change names."""
    for at, body in bodies.items():
        if at >= len(changes) or not changes[at].hash:
            raise BadBody("a body that no change names")
        if len(body.data) != changes[at].length or body.hash != changes[at].hash:
            raise BadBody(f"the body of {changes[at].kind}/{changes[at].id} is not the one that was signed for")


def check_position(stated: Head | Manifest) -> None:
    """Before the first commit there is no hash and nothing is held; afterwards there is one."""
    if (stated.sequence == 0) != (stated.hash == "") or (stated.sequence == 0 and (stated.count or stated.position)):
        raise Malformed("a sequence without its hash, or a feed that holds something before its first commit")


class SignedHead(NamedTuple):
    head: Head
    raw: bytes
    signature: bytes

    def to_bytes(self) -> bytes:
        return Frame(frames.HEAD, self.raw, self.signature, b"").to_bytes()


def state_head(
    *,
    feed: Feed,
    epoch: Epoch,
    at: Cursor,
    position: int,
    digest: str,
    count: int,
    sealed_at: str,
    key: SigningKey,
    nonce: str = "",
) -> SignedHead:
    """The origin's statement of where its feed ends, in answer to the asker's nonce.

    `epoch` is the present one; it shows before the first commit.
    """
    head = Head(
        format=1,
        feed=str(feed),
        epoch=str(Epoch(at.epoch)) if at.sequence else str(epoch),
        sequence=at.sequence,
        position=position,
        hash=at.hash,
        digest=digest,
        count=count,
        sealed_at=sealed_at,
        nonce=nonce,
        signer=key.public.fingerprint,
    )
    raw = statements.encode(head)
    return SignedHead(head, raw, key.sign(HEAD, raw))


def open_head(frame: Frame, *, feed: Feed, keys: Mapping[str, VerifyKey], nonce: str | None = None) -> SignedHead:
    """Check a head's form, feed and signature, and that it answers our nonce where we gave one.

    Raises:
        Replayed: it answers another.
    """
    if frame.kind != frames.HEAD or frame.payload:
        raise Malformed("this frame is not a head")
    head = authentic(Head, HEAD, frame, feed=feed, keys=keys)
    check_position(head)
    if nonce is not None and head.nonce != nonce:
        raise Replayed(f"a head of {feed} that does not answer what was asked")
    return SignedHead(head, frame.statement, frame.signature)

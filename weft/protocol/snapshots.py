"""Snapshots: what a feed held at one commit, as content-addressed segments that a signed manifest names."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from weft.protocol import frames, statements
from weft.protocol.commits import authentic, check_bodies, check_position, check_puts
from weft.protocol.digest import Digest
from weft.protocol.frames import Body, Frame
from weft.protocol.ledger import Name
from weft.protocol.limits import BODIES_PER_COMMIT_BYTES, ENTRIES_PER_SEGMENT
from weft.protocol.names import Cursor, Epoch, Feed
from weft.protocol.refusals import ForeignFeed, Incompatible, Malformed, WrongDigest
from weft.protocol.signing import SigningKey, VerifyKey
from weft.protocol.statements import Change, Manifest, Segment

MANIFEST = "manifest"


class SignedManifest(NamedTuple):
    manifest: Manifest
    raw: bytes
    signature: bytes

    def to_bytes(self) -> bytes:
        return Frame(frames.MANIFEST, self.raw, self.signature, b"").to_bytes()


def segments(feed: Feed, puts: Iterable[Change]) -> Iterator[bytes]:
    """The segments' canonical bytes, from a feed's puts in order of (kind, id)."""
    batch: list[Change] = []
    size = 0
    for put in puts:
        batch.append(put)
        size += put.length
        if len(batch) == ENTRIES_PER_SEGMENT or size >= BODIES_PER_COMMIT_BYTES:
            yield statements.encode(Segment(format=1, feed=str(feed), entries=batch))
            batch, size = [], 0
    if batch:
        yield statements.encode(Segment(format=1, feed=str(feed), entries=batch))


def segment_hash(raw: bytes) -> str:
    return hashlib.sha256(b"weft/segment/v1\0" + raw).hexdigest()


def state_manifest(
    *, feed: Feed, epoch: Epoch, at: Cursor, position: int, digest: Digest, hashes: list[str], key: SigningKey
) -> SignedManifest:
    """The origin's signed list of the segments that make its feed as it was at `at`."""
    manifest = Manifest(
        format=1,
        feed=str(feed),
        epoch=str(Epoch(at.epoch)) if at.sequence else str(epoch),
        sequence=at.sequence,
        position=position,
        hash=at.hash,
        digest=digest.hex,
        count=digest.count,
        segments=hashes,
        signer=key.public.fingerprint,
    )
    raw = statements.encode(manifest)
    return SignedManifest(manifest, raw, key.sign(MANIFEST, raw))


def open_manifest(frame: Frame, *, feed: Feed, keys: Mapping[str, VerifyKey]) -> SignedManifest:
    """Check a manifest's form, feed and signature."""
    if frame.kind != frames.MANIFEST or frame.payload:
        raise Malformed("this frame is not a manifest")
    manifest = authentic(Manifest, MANIFEST, frame, feed=feed, keys=keys)
    check_position(manifest)
    return SignedManifest(manifest, frame.statement, frame.signature)


class OpenSegment(NamedTuple):
    entries: list[Change]
    bodies: dict[int, Body]


def segment_frame(raw: bytes, bodies: Mapping[int, Body]) -> bytes:
    """A segment as it is served: its entries never change, bodies come along while they are current."""
    return Frame(frames.SEGMENT, raw, frames.UNSIGNED, frames.pack(bodies)).to_bytes()


def open_segment(frame: Frame, *, feed: Feed, expected: str | None) -> OpenSegment:
    """Check a segment against the hash by which a manifest named it; None for an answer about single records."""
    if frame.kind != frames.SEGMENT or frame.signature != frames.UNSIGNED:
        raise Malformed("this frame is not a segment")
    if expected is not None and segment_hash(frame.statement) != expected:
        raise Malformed("the segment is not the one that the manifest names")
    try:
        segment = statements.decode(Segment, frame.statement)
    except Incompatible as unknown:
        if expected is None:
            raise Malformed(f"an answer that nothing signs: {unknown}") from None
        raise
    if segment.feed != str(feed):
        raise ForeignFeed(f"a segment of {segment.feed} where one of {feed} was due")
    if any(change.op != "put" for change in segment.entries):
        raise Malformed("a snapshot holds puts alone")
    if len({change.name for change in segment.entries}) != len(segment.entries):
        raise Malformed("a segment names one record twice")
    check_puts(segment.entries)
    bodies = frames.unpack(frame.payload)
    check_bodies(segment.entries, bodies)
    return OpenSegment(segment.entries, bodies)


def open_answer(frame: Frame, *, feed: Feed, asked: Iterable[Change]) -> dict[Name, Body]:
    """The bodies in an answer to a reader that asked again for some (rule 7).

    Nothing signs such an answer, so only what was asked for is taken from it: by version and hash, from our own ledger.
    """
    segment = open_segment(frame, feed=feed, expected=None)
    wanted = set(asked)
    return {entry.name: body for at, body in segment.bodies.items() if (entry := segment.entries[at]) in wanted}


def check_whole(manifest: Manifest, digest: Digest) -> None:
    """After the last segment: the copy is what the origin signed for."""
    if digest.hex != manifest.digest or digest.count != manifest.count:
        raise WrongDigest(f"the snapshot of {manifest.feed} at {manifest.sequence} does not add up to its manifest")

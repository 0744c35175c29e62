"""The four statements an origin makes about a feed, in their one canonical JSON form (docs/protocol.md).

A statement is signed and carried as exact bytes. Reading one encodes it again and compares, so that there are no two
ways to write the same thing, and nothing that a second reader could understand otherwise.
"""

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta

from weft.protocol.limits import CHANGES_PER_COMMIT, ENTRIES_PER_SEGMENT, SEGMENTS_PER_MANIFEST, STATEMENT_BYTES
from weft.protocol.names import EPOCH, ID, KIND, NAME, VERSION, Cursor, Epoch, Version
from weft.protocol.refusals import Incompatible, Malformed, Oversize

FORMAT = 1
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"

Op = Literal["put", "withdraw", "delete"]
HashText = Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
MaybeHash = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{64})?\Z")]
FeedText = Annotated[str, Meta(pattern=rf"\A{NAME}/{NAME}/{NAME}\Z")]
EpochText = Annotated[str, Meta(pattern=rf"\A{EPOCH}\Z")]
VersionText = Annotated[str, Meta(pattern=rf"\A{VERSION}\Z")]
KindText = Annotated[str, Meta(pattern=rf"\A{KIND}\Z")]
IdText = Annotated[str, Meta(pattern=rf"\A{ID}\Z")]
Natural = Annotated[int, Meta(ge=0, lt=10**18)]
TimeText = Annotated[str, Meta(pattern=rf"\A{TIME}\Z")]
Nonce = Annotated[str, Meta(pattern=r"\A(?:[0-9a-f]{32})?\Z")]
Fingerprint = Annotated[str, Meta(pattern=r"\A[0-9a-f]{32}\Z")]


class Change(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One put, withdraw or delete of one record at one version. Hash and length are of a put's body, else '' and 0."""

    op: Op
    kind: KindText
    id: IdText
    version_text: VersionText
    hash: MaybeHash = ""
    length: Natural = 0

    @property
    def version(self) -> Version:
        return Version.parse(self.version_text)

    @property
    def name(self) -> tuple[str, str]:
        """The record within its origin: (kind, id)."""
        return self.kind, self.id


class Opening(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The predecessor that an epoch's first commit names: where the branch before it ended."""

    epoch: EpochText
    sequence: Natural
    hash: HashText

    @property
    def cursor(self) -> Cursor:
        return Cursor(Epoch.parse(self.epoch), self.sequence, self.hash)


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a commit's signature covers: its place in the chain, its changes, and the feed's digest after them.

    `sealed_at` is for people (lag in seconds); nothing is decided by it.
    """

    format: Literal[1]
    feed: FeedText
    epoch: EpochText
    sequence: Annotated[int, Meta(ge=1, lt=10**18)]
    position: Natural
    previous: MaybeHash
    opens: Opening | None
    digest: HashText
    signer: Fingerprint
    sealed_at: TimeText
    changes: Annotated[list[Change], Meta(max_length=CHANGES_PER_COMMIT)]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The origin's word on where a feed ends. Sequence 0 and no hash: no commit yet.

    `nonce` is the asker's: with it the word is of now, and not one that a relay kept.
    """

    format: Literal[1]
    feed: FeedText
    epoch: EpochText
    sequence: Natural
    position: Natural
    hash: MaybeHash
    digest: HashText
    count: Natural
    sealed_at: TimeText
    nonce: Nonce
    signer: Fingerprint

    @property
    def cursor(self) -> Cursor:
        return Cursor(Epoch.parse(self.epoch), self.sequence, self.hash) if self.sequence else Cursor(0, 0, "")


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a feed held at one commit: segments by their hash. Bodies are attached when a segment is served."""

    format: Literal[1]
    feed: FeedText
    epoch: EpochText
    sequence: Natural
    position: Natural
    hash: MaybeHash
    digest: HashText
    count: Natural
    segments: Annotated[list[HashText], Meta(max_length=SEGMENTS_PER_MANIFEST)]
    signer: Fingerprint

    @property
    def cursor(self) -> Cursor:
        return Cursor(Epoch.parse(self.epoch), self.sequence, self.hash) if self.sequence else Cursor(0, 0, "")


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a snapshot: puts in order of (kind, id). It is content-addressed: a signed manifest names its hash."""

    format: Literal[1]
    feed: FeedText
    entries: Annotated[list[Change], Meta(max_length=ENTRIES_PER_SEGMENT)]


class _Format(msgspec.Struct):
    format: Annotated[int, Meta(ge=1, lt=1_000_000)]


Statement = TypeVar("Statement", Header, Head, Manifest, Segment)

_decoders: dict[type, msgspec.json.Decoder[Any]] = {
    kind: msgspec.json.Decoder(kind) for kind in (Header, Head, Manifest, Segment)
}
_format = msgspec.json.Decoder(_Format)
_encoder = msgspec.json.Encoder()


def encode(statement: Statement) -> bytes:
    """The canonical bytes: compact JSON, fields in the documented order.

    Read again before anybody signs them: what a reader would refuse must fail here, where it can be mended.
    """
    raw = _encoder.encode(statement)
    decode(type(statement), raw)
    return raw


def decode(kind: type[Statement], raw: bytes) -> Statement:
    """Read a statement.

    Raises:
        Oversize: longer than `STATEMENT_BYTES`.
        Incompatible: another format than this code knows.
        Malformed: anything but the canonical form.
    """
    if len(raw) > STATEMENT_BYTES:
        raise Oversize(f"a statement of {len(raw)} bytes is over {STATEMENT_BYTES}")
    try:
        if _format.decode(raw).format != FORMAT:
            raise Incompatible(f"format {_format.decode(raw).format} is not known here; upgrade this node")
        statement: Statement = _decoders[kind].decode(raw)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"not a {kind.__name__.lower()}: {error}") from None
    if _encoder.encode(statement) != raw:
        raise Malformed(f"a {kind.__name__.lower()} that is not in canonical form")
    return statement

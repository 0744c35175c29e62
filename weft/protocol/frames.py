"""Frames: a statement, its signature and the bodies beside it, as one run of bytes. Nothing is believed here.

    "WEFT" 0x01 kind | u32 length, statement | 64 bytes signature | u32 length, payload | u32 CRC-32 of all before

The payload is a zstd frame of body records: u16 index | 16 bytes salt | u32 length | bytes. Integers are big-endian.
The checksum is against accidents: zstd has bytes that can flip and still unfold to the same. It proves nothing.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import zstandard

from weft.protocol.limits import PAYLOAD_BYTES, SALT_BYTES, STATEMENT_BYTES, WINDOW_BYTES
from weft.protocol.refusals import Malformed, Oversize
from weft.protocol.signing import SIGNATURE_BYTES

MAGIC = b"WEFT\x01"
COMMIT, HEAD, MANIFEST, SEGMENT = b"C", b"H", b"M", b"S"
UNSIGNED = bytes(SIGNATURE_BYTES)
_PREFIX = struct.Struct(">5s1sI")
_LENGTH = struct.Struct(">I")
_CHECKSUM = struct.Struct(">I")
_BODY = struct.Struct(f">H{SALT_BYTES}sI")
FRAME_BYTES = _PREFIX.size + STATEMENT_BYTES + SIGNATURE_BYTES + _LENGTH.size + PAYLOAD_BYTES + _CHECKSUM.size


class Body(NamedTuple):
    """A record's bytes as they came, and the salt that keeps its hash from being guessed."""

    salt: bytes
    data: bytes

    @property
    def hash(self) -> str:
        return hashlib.sha256(b"weft/body/v1\0" + self.salt + self.data).hexdigest()


class Frame(NamedTuple):
    kind: bytes
    statement: bytes
    signature: bytes
    payload: bytes

    def to_bytes(self) -> bytes:
        head = _PREFIX.pack(MAGIC, self.kind, len(self.statement))
        raw = b"".join((head, self.statement, self.signature, _LENGTH.pack(len(self.payload)), self.payload))
        return raw + _CHECKSUM.pack(zlib.crc32(raw))


def pack(bodies: Mapping[int, Body]) -> bytes:
    """The payload of these bodies by the index of their change."""
    if not bodies:
        return b""
    records = (_BODY.pack(at, body.salt, len(body.data)) + body.data for at, body in sorted(bodies.items()))
    return zstandard.ZstdCompressor(level=3).compress(b"".join(records))


def unpack(payload: bytes) -> dict[int, Body]:
    """The bodies of a payload by the index of their change.

    Raises:
        Oversize: it would unfold to more than `PAYLOAD_BYTES`.
        Malformed: it is not one zstd frame of body records in rising order.
    """
    if not payload:
        return {}
    raw = _decompressed(payload)
    bodies: dict[int, Body] = {}
    at, last = 0, -1
    while at < len(raw):
        if len(raw) - at < _BODY.size:
            raise Malformed("a body record is cut short")
        index, salt, length = _BODY.unpack_from(raw, at)
        at += _BODY.size
        if index <= last or len(raw) - at < length:
            raise Malformed("body records are cut short or out of order")
        bodies[index] = Body(salt, raw[at : at + length])
        at, last = at + length, index
    return bodies


def _decompressed(payload: bytes) -> bytes:
    try:
        stated = zstandard.get_frame_parameters(payload)
        size = stated.content_size
        if size in (0, zstandard.CONTENTSIZE_UNKNOWN):
            raise Malformed("the payload does not say how many bytes it unfolds to")
        if size > PAYLOAD_BYTES or stated.window_size > WINDOW_BYTES:
            raise Oversize(f"a payload that says it unfolds to {size} bytes; the limit is {PAYLOAD_BYTES}")
        # Room for exactly what the frame says that it holds: one that lies fails, it never grows.
        return zstandard.ZstdDecompressor().decompress(payload, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise Malformed(f"the payload is not one zstd frame: {error}") from None


def parse(raw: bytes) -> Frame:
    """Exactly one frame."""
    size = needed(raw)
    if size != len(raw):
        raise Malformed(f"one frame of {size or 'more'} bytes was due, {len(raw)} bytes came")
    return _cut(raw)


def split(raw: bytes) -> Iterator[Frame]:
    """The frames of a run of bytes, one after the other."""
    rest = memoryview(raw)
    while rest:
        size = needed(rest)
        if size is None or len(rest) < size:
            raise Malformed("the last frame is cut short")
        yield _cut(bytes(rest[:size]))
        rest = rest[size:]


def needed(start: bytes | memoryview) -> int | None:
    """How many bytes the frame has that begins here; None while too few have come to tell.

    Raises:
        Malformed, Oversize: no frame begins like this.
    """
    if len(start) < _PREFIX.size:
        return None
    magic, kind, length = _PREFIX.unpack_from(start)
    if magic != MAGIC or kind not in (COMMIT, HEAD, MANIFEST, SEGMENT):
        raise Malformed("these bytes do not begin like a frame")
    if length > STATEMENT_BYTES:
        raise Oversize(f"a statement of {length} bytes is over {STATEMENT_BYTES}")
    tail = _PREFIX.size + int(length) + SIGNATURE_BYTES
    if len(start) < tail + _LENGTH.size:
        return None
    (payload,) = _LENGTH.unpack_from(start, tail)
    if payload > PAYLOAD_BYTES:
        raise Oversize(f"a payload of {payload} bytes is over {PAYLOAD_BYTES}")
    return tail + _LENGTH.size + int(payload) + _CHECKSUM.size


def _cut(raw: bytes) -> Frame:
    end = len(raw) - _CHECKSUM.size
    if _CHECKSUM.unpack_from(raw, end) != (zlib.crc32(raw[:end]),):
        raise Malformed("the frame was damaged on its way: its checksum differs")
    _, kind, length = _PREFIX.unpack_from(raw)
    tail = _PREFIX.size + length
    signed = tail + SIGNATURE_BYTES
    return Frame(kind, raw[_PREFIX.size : tail], raw[tail:signed], raw[signed + _LENGTH.size : end])

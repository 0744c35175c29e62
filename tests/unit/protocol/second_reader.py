"""A second reader of the protocol, written from docs/protocol.md alone. It imports nothing of the product."""

import hashlib
import json
import re
import struct
import zlib

import zstandard
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

EPOCH = r"[1-9][0-9]{0,8}\.[0-9a-f]{8}"
HASH = "[0-9a-f]{64}"
NAME = "[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
PAYLOAD = 4 * 2**20 + 512 * 2**10 + 24_000


class Refused(Exception):
    """What is refused, by its code."""


def text(pattern):
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def natural(value):
    return type(value) is int and 0 <= value < 10**18


def positive(value):
    return natural(value) and value > 0


def listed(item, most):
    return lambda value: isinstance(value, list) and len(value) <= most and all(item(one) for one in value)


def row(*fields):
    return lambda value: (
        isinstance(value, list)
        and len(value) == len(fields)
        and all(check(one) for check, one in zip(fields, value, strict=True))
    )


CHANGE = row(
    text("put|withdraw|delete"),
    text("[a-z][a-z-]{0,31}"),
    lambda id_: text("[a-z0-9._-]{1,128}")(id_) and id_ not in (".", ".."),
    text(rf"{EPOCH}\.[1-9][0-9]{{0,17}}"),
    text(f"(?:{HASH})?"),
    natural,
)
OPENING = row(text(EPOCH), natural, text(HASH))
TIME = text(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
COMMON = {"format": lambda value: type(value) is int and value == 1, "feed": text(f"{NAME}/{NAME}/{NAME}")}
POSITION = {
    "epoch": text(EPOCH),
    "sequence": natural,
    "position": natural,
    "hash": text(f"(?:{HASH})?"),
    "digest": text(HASH),
}
STATEMENTS = {
    "C": COMMON
    | {
        "epoch": text(EPOCH),
        "sequence": positive,
        "position": natural,
        "previous": text(f"(?:{HASH})?"),
        "opens": lambda value: value is None or OPENING(value),
        "digest": text(HASH),
        "signer": text("[0-9a-f]{32}"),
        "sealed_at": TIME,
        "changes": listed(CHANGE, 1000),
    },
    "H": COMMON
    | POSITION
    | {"count": natural, "sealed_at": TIME, "nonce": text("(?:[0-9a-f]{32})?"), "signer": text("[0-9a-f]{32}")},
    "M": COMMON | POSITION | {"count": natural, "segments": listed(text(HASH), 15_000), "signer": text("[0-9a-f]{32}")},
    "S": COMMON | {"entries": listed(CHANGE, 1000)},
}
PURPOSES = {"C": "commit", "H": "head", "M": "manifest"}


def sha(prefix, raw):
    return hashlib.sha256(f"weft/{prefix}/v1\0".encode() + raw).hexdigest()


def frame(raw):
    """(kind, statement, signature, payload) of exactly one frame."""
    if len(raw) < 10 or raw[:5] != b"WEFT\x01" or raw[5:6] not in (b"C", b"H", b"M", b"S"):
        raise Refused("malformed")
    (length,) = struct.unpack(">I", raw[6:10])
    if length > 2**20:
        raise Refused("oversize")
    signed = 10 + length + 64
    if len(raw) < signed + 4:
        raise Refused("malformed")
    (folded,) = struct.unpack(">I", raw[signed : signed + 4])
    if folded > PAYLOAD:
        raise Refused("oversize")
    if len(raw) != signed + 4 + folded + 4 or struct.unpack(">I", raw[-4:]) != (zlib.crc32(raw[:-4]),):
        raise Refused("malformed")
    return raw[5:6].decode(), raw[10 : 10 + length], raw[10 + length : signed], raw[signed + 4 : -4]


def statement(kind, raw):
    try:
        said = json.loads(raw)
        known = said["format"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("malformed") from None
    if type(known) is int and 1 < known < 10**6:
        raise Refused("incompatible")
    fields = STATEMENTS[kind]
    if list(said) != list(fields) or not all(check(said[name]) for name, check in fields.items()):
        raise Refused("malformed")
    if json.dumps(said, separators=(",", ":")).encode() != raw:
        raise Refused("malformed")
    return said


def bodies(payload, changes):
    """The bodies by the index of their change, each checked against the hash that was signed for."""
    found, last = {}, -1
    try:
        raw = zstandard.ZstdDecompressor().decompress(payload, allow_extra_data=False) if payload else b""
    except zstandard.ZstdError:
        raise Refused("malformed") from None
    while raw:
        index, salt, length = struct.unpack_from(">H16sI", raw)
        data, raw = raw[22 : 22 + length], raw[22 + length :]
        if index <= last or len(data) != length:
            raise Refused("malformed")
        if index >= len(changes) or changes[index][4:] != [sha("body", salt + data), length]:
            raise Refused("bad-body")
        found[index], last = data, index
    return found


def opened(raw, feed, keys):
    """(kind, what was said, its bodies) of a frame about this feed, by one of these keys (public bytes)."""
    kind, spoken, signature, payload = frame(raw)
    by = {sha("key", key)[:32]: Ed25519PublicKey.from_public_bytes(key) for key in keys}

    def is_by(key):
        try:
            key.verify(signature, f"weft/{PURPOSES[kind]}/v1\0".encode() + spoken)
        except InvalidSignature:
            return False
        return True

    try:
        said = statement(kind, spoken)
    except Refused as refused:
        if refused.args == ("incompatible",) and kind != "S" and not any(is_by(key) for key in by.values()):
            raise Refused("bad-signature") from None
        raise
    if said["feed"] != feed:
        raise Refused("foreign-feed")
    if kind != "S" and (said["signer"] not in by or not is_by(by[said["signer"]])):
        raise Refused("bad-signature")
    changes = said.get("changes", said.get("entries", []))
    if len({(change[1], change[2]) for change in changes}) != len(changes):
        raise Refused("malformed")
    if any((op == "put") != bool(hash_) or (op != "put" and length) for op, _, _, _, hash_, length in changes):
        raise Refused("malformed")
    return kind, said, bodies(payload, changes)


def digest(held):
    """(SHA-256 of the rows, the rows) of what a feed holds: (kind, id) -> (version, hash)."""
    counts, sums = [0] * 256, [0] * 256
    for (kind, id_), (version, hash_) in held.items():
        at = zlib.crc32(f"{kind}/{id_}".encode()) % 256
        counts[at] += 1
        one = hashlib.sha256(f"{kind}/{id_} {version} {hash_}".encode()).digest()
        sums[at] = (sums[at] + int.from_bytes(one, "big")) % 2**256
    rows = b"".join(n.to_bytes(8, "big") + total.to_bytes(32, "big") for n, total in zip(counts, sums, strict=True))
    return hashlib.sha256(rows).hexdigest(), list(zip(counts, sums, strict=True))


def taken(held, changes):
    """What a feed holds after these changes."""
    after = dict(held)
    for op, kind, id_, version, hash_, _ in changes:
        after.pop((kind, id_), None)
        if op == "put":
            after[kind, id_] = version, hash_
    return after

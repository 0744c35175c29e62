"""The test vectors of the feed protocol: `python -m tests.vectors > docs/protocol-vectors.json`. Fixed seeds and salts."""

import json
import zlib
from typing import Any

from weft.protocol import frames
from weft.protocol.commits import COMMIT, Commit, seal, state_head
from weft.protocol.digest import Digest, bucket_of
from weft.protocol.frames import Body, Frame
from weft.protocol.names import START, Cursor, Epoch, Feed
from weft.protocol.signing import SigningKey
from weft.protocol.snapshots import MANIFEST, segment_frame, segment_hash, segments, state_manifest
from weft.protocol.statements import Change

SEED = bytes(range(32))
KEY = SigningKey(SEED)
STRANGER = SigningKey(bytes(range(32, 64)))
FEED = Feed.parse("eca/catalog/network")
EPOCHS = (Epoch.parse("1.0a1b2c3d"), Epoch.parse("2.f0e0d0c0"))
TEXTS = ('{"title":"Poverty and inclusion"}', '{"title":"Inclusión social"}', '{"title":"Inclusión social, 2ª ed."}')
BODIES = [Body(bytes([at]) * 16, text.encode()) for at, text in enumerate(TEXTS)]


def put(id_: str, version: str, body: Body) -> Change:
    return Change("put", "document", id_, version, body.hash, len(body.data))


def end(op: Any, id_: str, version: str) -> Change:
    return Change(op, "document", id_, version)


def sealed(
    after: Cursor, epoch: Epoch, changes: list[Change], bodies: dict[int, Body], digest: Digest, position: int
) -> Commit:
    return seal(
        feed=FEED,
        epoch=epoch,
        after=after,
        position=position,
        changes=changes,
        bodies=bodies,
        digest=digest.hex,
        key=KEY,
        sealed_at="2026-03-01T12:00:00.000Z",
    )


def chain() -> tuple[list[Commit], list[Digest]]:
    """Two briefs; one revised and one deleted; and, in a new epoch, nothing but that the origin is back."""
    brief_one, brief_two, revised = BODIES
    first, second = Digest(), Digest()
    first.add("document", "brief-1", "1.0a1b2c3d.1", brief_one.hash)
    first.add("document", "brief-2", "1.0a1b2c3d.1", brief_two.hash)
    second.add("document", "brief-2", "1.0a1b2c3d.2", revised.hash)
    one = sealed(
        START,
        EPOCHS[0],
        [put("brief-1", "1.0a1b2c3d.1", brief_one), put("brief-2", "1.0a1b2c3d.1", brief_two)],
        {0: brief_one, 1: brief_two},
        first,
        2,
    )
    two = sealed(
        one.cursor,
        EPOCHS[0],
        [end("delete", "brief-1", "1.0a1b2c3d.2"), put("brief-2", "1.0a1b2c3d.2", revised)],
        {1: revised},
        second,
        4,
    )
    three = sealed(two.cursor, EPOCHS[1], [], {}, second, 4)
    erased = one._replace(bodies={})
    return [erased, two, three], [first, second, second]


def refusals(commit: Commit) -> list[dict[str, str]]:
    """Frames that must be refused, each with its code. All but the first have a checksum that fits."""
    frame = frames.parse(commit.to_bytes())
    flipped = bytearray(frame.to_bytes())
    flipped[-1] ^= 1

    def said(
        statement: bytes, *, key: SigningKey = KEY, purpose: str = COMMIT, payload: bytes = frame.payload
    ) -> bytes:
        return Frame(frames.COMMIT, statement, key.sign(purpose, statement), payload).to_bytes()

    cases = [
        ("a flipped byte", "malformed", bytes(flipped)),
        ("a space in the statement", "malformed", said(frame.statement.replace(b":", b": ", 1))),
        ("a number as 1.0", "malformed", said(frame.statement.replace(b'"format":1,', b'"format":1.0,'))),
        ("a key twice", "malformed", said(frame.statement[:-1] + b',"format":1}')),
        ("one record twice", "malformed", said(_doubled(frame.statement))),
        ("signed by a stranger", "bad-signature", said(frame.statement, key=STRANGER)),
        ("signed for another purpose", "bad-signature", said(frame.statement, purpose="head")),
        ("of another feed", "foreign-feed", said(frame.statement.replace(b"eca/", b"ece/", 1))),
        ("another body", "bad-body", said(frame.statement, payload=frames.pack({1: BODIES[0]}))),
        ("a format that is not known", "incompatible", said(frame.statement.replace(b'"format":1', b'"format":2'))),
        ("a statement over its limit", "oversize", _longer(frame)),
    ]
    return [{"what": what, "code": code, "frame": raw.hex()} for what, code, raw in cases]


def _doubled(statement: bytes) -> bytes:
    changes = json.dumps(json.loads(statement)["changes"][0], separators=(",", ":")).encode()
    return statement.replace(b'"changes":[', b'"changes":[' + changes + b",")


def _longer(frame: Frame) -> bytes:
    """Only the length says so: a reader refuses before the bytes have come."""
    raw = frame.to_bytes()
    longer = raw[:6] + (1024 * 1024 + 1).to_bytes(4) + raw[10:-4]
    return longer + zlib.crc32(longer).to_bytes(4)


def vectors() -> dict[str, Any]:
    commits, digests = chain()
    puts = [put("brief-2", "1.0a1b2c3d.2", BODIES[2])]
    (part,) = segments(FEED, puts)
    manifest = state_manifest(
        feed=FEED,
        epoch=EPOCHS[1],
        at=commits[-1].cursor,
        position=commits[-1].header.position,
        digest=digests[-1],
        hashes=[segment_hash(part)],
        key=KEY,
    )
    head = state_head(
        feed=FEED,
        epoch=EPOCHS[1],
        at=commits[-1].cursor,
        position=commits[-1].header.position,
        digest=digests[-1].hex,
        count=digests[-1].count,
        sealed_at="2026-03-01T12:00:00.000Z",
        key=KEY,
    )
    return {
        "format": 1,
        "feed": str(FEED),
        "key": {"seed": SEED.hex(), "public": KEY.public.raw.hex(), "fingerprint": KEY.public.fingerprint},
        "bodies": [{"salt": body.salt.hex(), "text": body.data.decode(), "hash": body.hash} for body in BODIES],
        "commits": [_commit(commit, digest) for commit, digest in zip(commits, digests, strict=True)],
        "head": {"frame": head.to_bytes().hex(), "statement": head.raw.decode(), "cursor": str(head.head.cursor)},
        "manifest": {
            "frame": manifest.to_bytes().hex(),
            "statement": manifest.raw.decode(),
            "signature": KEY.sign(MANIFEST, manifest.raw).hex(),
        },
        "segment": {
            "frame": segment_frame(part, {0: BODIES[2]}).hex(),
            "statement": part.decode(),
            "hash": segment_hash(part),
        },
        "digests": {"empty": Digest().hex, "after_first_commit": _digest(digests[0])},
        "refused": refusals(commits[1]),
    }


def _commit(commit: Commit, digest: Digest) -> dict[str, Any]:
    return {
        "frame": commit.to_bytes().hex(),
        "statement": commit.raw.decode(),
        "signature": commit.signature.hex(),
        "hash": commit.hash,
        "cursor": str(commit.cursor),
        "bodies": sorted(commit.bodies),
        "digest": digest.hex,
    }


def _digest(digest: Digest) -> dict[str, Any]:
    rows = enumerate(digest.buckets())
    return {
        "sha256": digest.hex,
        "buckets": {str(at): {"count": count, "sum": total} for at, (count, total) in rows if count},
        "bucket_of": {f"document/brief-{n}": bucket_of("document", f"brief-{n}") for n in (1, 2, 3)},
    }


def text() -> str:
    return json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(text(), end="")

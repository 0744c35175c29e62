"""Commits and heads: what is not shown to be the origin's word about this feed is refused, each with its own code."""

import hashlib

import msgspec
import pytest

from tests.unit.protocol.build import (
    FEED,
    FIRST,
    KEY,
    KEYS,
    NOW,
    SECOND,
    Edit,
    Origin,
    delete,
    put,
    withdraw,
    without_bodies,
)
from weft.protocol import frames, statements
from weft.protocol.commits import COMMIT, HEAD, Commit, check_form, open_commit, open_head, seal, state_head
from weft.protocol.digest import Digest
from weft.protocol.frames import Body, Frame
from weft.protocol.limits import BODY_BYTES, CHANGES_PER_COMMIT
from weft.protocol.names import START, Cursor, Feed, Version
from weft.protocol.refusals import (
    BadBody,
    BadSignature,
    ForeignFeed,
    Incompatible,
    Malformed,
    Oversize,
    Replayed,
    Unauthentic,
)
from weft.protocol.signing import SigningKey
from weft.protocol.statements import Change, Header

STRANGER = SigningKey(b"\x07" * 32)
OTHER_FEED = Feed.parse("eca/catalog/ece")


def sample() -> Commit:
    return Origin().commit(put("a", 1), put("b", 1, "more"))


def opened(frame: Frame, feed: Feed = FEED) -> Commit:
    return open_commit(frame, feed=feed, keys=KEYS)


def signed(raw: bytes, key: SigningKey = KEY, purpose: str = COMMIT, payload: bytes = b"") -> Frame:
    return Frame(frames.COMMIT, raw, key.sign(purpose, raw), payload)


def altered(**fields: object) -> Frame:
    """A commit of the origin that says something else, signed by it all the same; None where no form can say it."""
    return signed(msgspec.json.encode(msgspec.structs.replace(sample().header, **fields)))


def test_a_commit_opens_as_it_was_sealed():
    commit = sample()
    assert opened(frames.parse(commit.to_bytes())) == commit
    assert commit.hash == hashlib.sha256(b"weft/header/v1\0" + commit.raw).hexdigest()
    assert commit.cursor == Cursor(FIRST, 1, commit.hash)


def test_a_commit_opens_with_any_of_its_bodies_missing():
    commit = sample()
    for missing in ([0], [1], [0, 1]):
        less = without_bodies(commit, missing)
        assert opened(frames.parse(less.to_bytes())) == less
        assert less.hash == commit.hash


def test_a_commit_of_another_feed_is_foreign():
    for other in ("ece/catalog/network", "eca/indicators/network", "eca/catalog/ece"):
        with pytest.raises(ForeignFeed):
            opened(frames.parse(sample().to_bytes()), Feed.parse(other))


def test_a_commit_signed_by_a_stranger_or_for_another_purpose_has_a_bad_signature():
    raw = sample().raw
    for frame in (signed(raw, STRANGER), signed(raw, purpose=HEAD), Frame(frames.COMMIT, raw, bytes(64), b"")):
        with pytest.raises(BadSignature):
            opened(frame)
    with pytest.raises(BadSignature):
        open_commit(signed(raw), feed=FEED, keys={})


def test_an_unknown_format_counts_only_when_the_origin_signed_it():
    raw = b'{"format":2,"anything":[]}'
    with pytest.raises(Incompatible):
        opened(signed(raw))
    for frame in (signed(raw, STRANGER), signed(raw, purpose=HEAD), Frame(frames.COMMIT, raw, bytes(64), b"")):
        with pytest.raises(BadSignature):
            opened(frame)


def test_a_frame_of_another_kind_is_no_commit_and_no_head():
    commit, head = sample(), Origin().head()
    for kind in (frames.HEAD, frames.MANIFEST, frames.SEGMENT):
        with pytest.raises(Malformed):
            opened(frames.parse(commit.to_bytes())._replace(kind=kind))
    for kind in (frames.COMMIT, frames.MANIFEST, frames.SEGMENT):
        with pytest.raises(Malformed):
            open_head(frames.parse(head.to_bytes())._replace(kind=kind), feed=FEED, keys=KEYS)


HASH = "a" * 64


@pytest.mark.parametrize(
    "fields",
    [
        {"changes": [put("a", 1).change, put("a", 2).change]},
        {"changes": [Change("put", "document", "a", "1.0000000a.1")]},
        {"changes": [Change("withdraw", "document", "a", "1.0000000a.1", HASH)]},
        {"changes": [Change("delete", "document", "a", "1.0000000a.1", "", 1)]},
        {"changes": [put("a", 1, epoch=SECOND).change]},
        {"changes": [put(f"a{n}", 1).change for n in range(CHANGES_PER_COMMIT + 1)]},
        {"sequence": 2},
        {"sequence": 0},
        {"previous": HASH},
        {"epoch": "2.0000000b", "sequence": 3, "previous": HASH, "opens": ["1.0000000a", 1, HASH]},
        {"epoch": "2.0000000b", "sequence": 2, "previous": HASH, "opens": ["1.0000000a", 1, "b" * 64]},
        {"epoch": "2.0000000b", "sequence": 2, "previous": HASH, "opens": ["2.0000000b", 1, HASH]},
        {"epoch": "2.0000000b", "sequence": 2, "previous": HASH, "opens": ["3.0000000b", 1, HASH]},
        {"epoch": "2.0000000b", "sequence": 1, "previous": "", "opens": ["1.0000000a", 0, HASH]},
    ],
)
def test_a_commit_whose_parts_do_not_agree_is_malformed_although_it_is_signed(fields):
    with pytest.raises(Malformed):
        opened(altered(**fields))


def test_a_body_over_the_limit_is_oversize_before_it_is_there():
    largest = Change("put", "document", "a", "1.0000000a.1", HASH, BODY_BYTES)
    with pytest.raises(Oversize):
        opened(altered(changes=[msgspec.structs.replace(largest, length=BODY_BYTES + 1)], position=1))
    assert opened(altered(changes=[largest], position=1)).header.changes == [largest]


@pytest.mark.parametrize(
    "bodies",
    [
        {0: Body(bytes(16), b"text")},
        {0: Body(put("a", 1).body.salt, b"texT")},
        {0: Body(put("a", 1).body.salt, b"text ")},
        {1: put("a", 1).body},
        {2: put("a", 1).body},
        {65_535: put("a", 1).body},
    ],
)
def test_a_body_that_was_not_signed_for_is_refused(bodies):
    commit = Origin().commit(put("a", 1), delete("b", 1))
    with pytest.raises(BadBody):
        opened(frames.parse(commit._replace(bodies=bodies).to_bytes()))


def test_a_body_of_another_length_than_was_signed_for_is_refused():
    body = put("a", 1).body
    longer = msgspec.structs.replace(put("a", 1).change, length=len(body.data) + 1)
    with pytest.raises(BadBody):
        opened(altered(changes=[longer], position=1)._replace(payload=frames.pack({0: body})))


def test_salt_and_text_cannot_trade_bytes():
    assert Body(bytes(16), b"\0a").hash != Body(bytes(16), b"a").hash != Body(bytes(15) + b"a", b"").hash


def test_nothing_is_sealed_that_a_reader_would_refuse():
    origin = Origin(epoch=SECOND)
    origin.commit(put("a", 1))
    for epoch, edit in ((FIRST, put("b", 1)), (SECOND, put("b", 1, epoch=FIRST.after(SECOND, 0)))):
        with pytest.raises(Malformed):
            seal(
                feed=FEED,
                epoch=epoch,
                after=origin.cursor,
                position=origin.position + 1,
                changes=[edit.change],
                bodies={},
                digest=Digest().hex,
                key=KEY,
                sealed_at=NOW,
            )


def test_the_first_commit_of_an_epoch_names_where_its_predecessor_ended():
    origin = Origin()
    first = origin.commit(put("a", 1))
    again = origin.restored(1, SECOND)
    second, third = again.commit(), again.commit()
    assert second.header.opens is not None
    assert second.header.opens.cursor == first.cursor
    assert third.header.opens is None
    check_form(second.header)


def test_an_epoch_that_opens_before_the_first_commit_has_no_predecessor():
    assert Origin(epoch=SECOND).commit(put("a", 1)).header.opens is None


def test_a_head_opens_as_it_was_stated():
    origin = Origin()
    before = open_head(frames.parse(origin.head().to_bytes()), feed=FEED, keys=KEYS)
    assert (before.head.cursor, before.head.epoch, before.head.count) == (START, str(FIRST), 0)
    commit = origin.commit(put("a", 1))
    after = open_head(frames.parse(origin.head().to_bytes()), feed=FEED, keys=KEYS)
    assert (after.head.cursor, after.head.count, after.head.digest) == (commit.cursor, 1, commit.header.digest)


@pytest.mark.parametrize("fields", [{"sequence": 1}, {"hash": HASH}, {"count": 1}])
def test_a_head_without_a_commit_has_no_hash_and_holds_nothing(fields):
    raw = msgspec.json.encode(msgspec.structs.replace(Origin().head().head, **fields))
    with pytest.raises(Malformed):
        open_head(Frame(frames.HEAD, raw, KEY.sign(HEAD, raw), b""), feed=FEED, keys=KEYS)


def test_a_head_of_another_feed_or_with_a_payload_or_by_a_stranger_is_refused():
    frame = frames.parse(Origin().head().to_bytes())
    for wrong in (frame._replace(payload=b"x"), frame._replace(signature=STRANGER.sign(HEAD, frame.statement))):
        with pytest.raises(Unauthentic):
            open_head(wrong, feed=FEED, keys=KEYS)
    with pytest.raises(ForeignFeed):
        open_head(frame, feed=OTHER_FEED, keys=KEYS)


def test_a_full_commit_of_the_longest_names_keeps_to_the_size_of_a_statement():
    edits = [
        Change("withdraw", "k" * 32, f"{at:0128d}", str(Version(999_999_999 << 32, 10**18 - 1)))
        for at in range(CHANGES_PER_COMMIT)
    ]
    header = seal(
        feed=FEED,
        epoch=FIRST.after(999_999_998 << 32, 0),
        after=START,
        position=len(edits),
        changes=edits,
        bodies={},
        digest=Digest().hex,
        key=KEY,
        sealed_at=NOW,
    )
    assert statements.decode(Header, header.raw).changes == edits


def test_a_withdraw_and_a_delete_carry_no_body():
    for end in (withdraw("a", 2), delete("a", 2)):
        assert isinstance(end, Edit)
        assert (end.change.hash, end.change.length) == ("", 0)
        opened(frames.parse(Origin().commit(end).to_bytes()))


def test_a_head_answers_the_nonce_that_was_given_and_no_other():
    origin = Origin()
    at = {"feed": FEED, "epoch": origin.epoch, "at": START, "position": 0, "digest": Digest().hex, "count": 0}
    frame = frames.parse(state_head(**at, sealed_at=NOW, key=KEY, nonce="a" * 32).to_bytes())
    assert open_head(frame, feed=FEED, keys=KEYS, nonce="a" * 32).head.nonce == "a" * 32
    assert open_head(frame, feed=FEED, keys=KEYS).head.sequence == 0
    for other in ("b" * 32, ""):
        with pytest.raises(Replayed):
            open_head(frame, feed=FEED, keys=KEYS, nonce=other)

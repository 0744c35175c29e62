"""The published vectors are what the code makes, and a reader written from the document alone reads them."""

import json
import sys
from pathlib import Path

import pytest

from tests.unit.protocol import second_reader
from tests.unit.protocol.second_reader import Refused, digest, frame, opened, sha, taken
from tests.vectors import text
from weft.protocol import frames
from weft.protocol.commits import open_commit
from weft.protocol.names import Feed
from weft.protocol.refusals import Refusal
from weft.protocol.signing import VerifyKey

DOCS = Path(__file__).parents[3] / "docs"
PUBLISHED = json.loads((DOCS / "protocol-vectors.json").read_text())
FEED = PUBLISHED["feed"]
KEYS = [bytes.fromhex(PUBLISHED["key"]["public"])]


def test_the_published_vectors_are_what_the_code_makes():
    assert (DOCS / "protocol-vectors.json").read_text() == text()


def test_the_second_reader_shares_no_code_with_the_product():
    assert "weft.protocol" in sys.modules
    assert not any(getattr(thing, "__module__", "").startswith("weft") for thing in vars(second_reader).values())
    assert "import weft" not in (source := Path(second_reader.__file__).read_text())
    assert "from weft" not in source


def test_a_second_reader_follows_the_chain_to_the_head():
    held, previous, position = {}, "", 0
    for commit in PUBLISHED["commits"]:
        kind, said, bodies = opened(bytes.fromhex(commit["frame"]), FEED, KEYS)
        assert (kind, said["previous"], said["sequence"]) == ("C", previous, position + 1)
        assert sorted(bodies) == commit["bodies"]
        held = taken(held, said["changes"])
        assert digest(held)[0] == said["digest"] == commit["digest"]
        previous, position = sha("header", commit["statement"].encode()), said["sequence"]
        assert commit["cursor"] == f"{said['epoch']}-{position}-{previous}"
    kind, head, _ = opened(bytes.fromhex(PUBLISHED["head"]["frame"]), FEED, KEYS)
    assert (kind, head["hash"], head["sequence"], head["count"]) == ("H", previous, position, len(held))
    assert head["digest"] == digest(held)[0]


def test_the_commit_that_opens_an_epoch_names_the_one_before_it():
    before, opening = (opened(bytes.fromhex(one["frame"]), FEED, KEYS)[1] for one in PUBLISHED["commits"][1:])
    assert opening["opens"] == [before["epoch"], before["sequence"], opening["previous"]]


def test_a_second_reader_takes_the_snapshot_and_comes_to_the_same_digest():
    _, manifest, _ = opened(bytes.fromhex(PUBLISHED["manifest"]["frame"]), FEED, KEYS)
    kind, segment, bodies = opened(bytes.fromhex(PUBLISHED["segment"]["frame"]), FEED, KEYS)
    assert kind == "S"
    assert manifest["segments"] == [sha("segment", PUBLISHED["segment"]["statement"].encode())]
    assert digest(taken({}, segment["entries"]))[0] == manifest["digest"]
    assert bodies[0].decode() == PUBLISHED["bodies"][2]["text"]


def test_the_parts_stand_beside_the_frames():
    for one in (*PUBLISHED["commits"], PUBLISHED["manifest"]):
        _, spoken, signature, _ = frame(bytes.fromhex(one["frame"]))
        assert (spoken.decode(), signature.hex()) == (one["statement"], one["signature"])
    for body in PUBLISHED["bodies"]:
        assert sha("body", bytes.fromhex(body["salt"]) + body["text"].encode()) == body["hash"]
    assert sha("key", KEYS[0])[:32] == PUBLISHED["key"]["fingerprint"]


def test_a_digest_in_parts_adds_up():
    _, first, _ = opened(bytes.fromhex(PUBLISHED["commits"][0]["frame"]), FEED, KEYS)
    whole, rows = digest(taken({}, first["changes"]))
    published = PUBLISHED["digests"]
    assert whole == published["after_first_commit"]["sha256"]
    assert {str(at): {"count": n, "sum": f"{total:064x}"} for at, (n, total) in enumerate(rows) if n} == (
        published["after_first_commit"]["buckets"]
    )
    assert digest({})[0] == published["empty"]


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: case["what"])
def test_a_second_reader_refuses_with_the_same_code(case):
    with pytest.raises(Refused) as refused:
        opened(bytes.fromhex(case["frame"]), FEED, KEYS)
    assert refused.value.args == (case["code"],)


@pytest.mark.parametrize("case", PUBLISHED["refused"], ids=lambda case: case["what"])
def test_the_product_refuses_with_the_published_code(case):

    key = VerifyKey.from_hex(PUBLISHED["key"]["public"])
    with pytest.raises(Refusal) as refused:
        open_commit(frames.parse(bytes.fromhex(case["frame"])), feed=Feed.parse(FEED), keys={key.fingerprint: key})
    assert refused.value.code == case["code"]

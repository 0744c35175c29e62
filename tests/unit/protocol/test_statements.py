"""Statements have one form each: every re-spelling of one is refused, and so is what a reader would refuse to sign."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.protocol.build import FEED, KEY, NOW, Origin, delete, put, withdraw
from weft.protocol import statements
from weft.protocol.limits import STATEMENT_BYTES
from weft.protocol.refusals import Incompatible, Malformed, Oversize
from weft.protocol.snapshots import segments, state_manifest
from weft.protocol.statements import Change, Head, Header, Manifest, Segment


def _samples() -> list[tuple[type, bytes]]:
    origin = Origin()
    origin.commit(put("a", 1), put("b", 10))
    origin.commit(delete("a", 2), withdraw("b", 11))
    opened = origin.restored(1, epoch=origin.epoch.after(origin.epoch, 7))
    opened.commit(put("c", 1))
    part = next(segments(FEED, opened.puts))
    manifest = state_manifest(
        feed=FEED,
        epoch=opened.epoch,
        at=opened.cursor,
        position=opened.position,
        digest=opened.digest,
        hashes=["ab" * 32],
        key=KEY,
    )
    return [
        (Header, origin.commits[0].raw),
        (Header, origin.commits[1].raw),
        (Header, opened.commits[1].raw),
        (Head, opened.head().raw),
        (Head, Origin().head().raw),
        (Manifest, manifest.raw),
        (Segment, part),
    ]


SAMPLES = _samples()
each_sample = pytest.mark.parametrize(("kind", "raw"), SAMPLES)
some_sample = st.sampled_from(SAMPLES)


def refused(kind: type, raw: bytes) -> bool:
    try:
        statements.decode(kind, raw)
    except (Malformed, Incompatible):
        return True
    return False


@each_sample
def test_a_statement_reads_back_and_is_written_the_same_again(kind, raw):
    assert statements.encode(statements.decode(kind, raw)) == raw


@each_sample
def test_a_statement_is_compact_ascii_json_that_needs_no_escapes(kind, raw):
    assert raw.isascii()
    assert b"\\" not in raw
    assert json.dumps(json.loads(raw), separators=(",", ":")).encode() == raw


@each_sample
def test_a_statement_with_a_space_anywhere_or_anything_behind_it_is_refused(kind, raw):
    for at in range(len(raw)):
        assert refused(kind, raw[:at] + b" " + raw[at:])
    for more in (b" ", b"\n", b"\0", b"{}", b",", raw):
        assert refused(kind, raw + more)


@each_sample
def test_keys_in_another_order_are_refused(kind, raw):
    fields = list(json.loads(raw).items())
    for at in range(len(fields)):
        moved = dict(fields[at:] + fields[:at])
        assert refused(kind, json.dumps(moved, separators=(",", ":")).encode()) == (at > 0)


@each_sample
def test_a_key_given_twice_is_refused(kind, raw):
    for key, value in json.loads(raw).items():
        twice = f'"{key}":{json.dumps(value, separators=(",", ":"))}'.encode()
        assert refused(kind, raw[:-1] + b"," + twice + b"}")
        assert refused(kind, b"{" + twice + b"," + raw[1:])


@each_sample
def test_an_unknown_or_missing_field_is_refused(kind, raw):
    assert refused(kind, raw[:-1] + b',"more":1}')
    for key in json.loads(raw):
        less = {other: value for other, value in json.loads(raw).items() if other != key}
        assert refused(kind, json.dumps(less, separators=(",", ":")).encode())


@each_sample
def test_any_character_written_as_an_escape_is_refused(kind, raw):
    text = raw.decode()
    for at, letter in enumerate(text):
        if letter.isalnum() and text[:at].count('"') % 2:
            assert refused(kind, f"{text[:at]}\\u{ord(letter):04x}{text[at + 1 :]}".encode())


@each_sample
@pytest.mark.parametrize("spelling", ["{}.0", "{}e0", "0{}", "+{}", "-{}", "{}E+0", '"{}"', "[{}]", "{}" + "0" * 400])
def test_a_number_in_another_spelling_is_refused(kind, raw, spelling):
    found = list(re.finditer(rb"(?<=[:,])[0-9]+(?=[,}\]])", raw))
    assert found
    for number in found:
        respelt = spelling.format(number[0].decode()).encode()
        assert refused(kind, raw[: number.start()] + respelt + raw[number.end() :])


@each_sample
@pytest.mark.parametrize(
    "other", ["é", "\u0660", "ａ", "\u202e", "\\ud800", "\\n", "\x7f", "\u200b", "\\u0000", "\n", "\0", "A", "/"]
)
def test_a_letter_beyond_the_grammar_is_refused_in_every_text(kind, raw, other):
    texts = list(re.finditer(rb'(?<=[:\[,])"[^"]+"', raw))
    assert texts
    for text in texts:
        respelt = text[0][:-2] + other.encode() + b'"'
        assert refused(kind, raw[: text.start()] + respelt + raw[text.end() :])
        assert refused(kind, raw[: text.end() - 1] + other.encode() + raw[text.end() - 1 :])


@given(some_sample, st.data())
def test_whatever_bytes_are_spliced_in_the_statement_is_refused_or_says_something_else(sample, data):
    kind, raw = sample
    at = data.draw(st.integers(0, len(raw)))
    until = data.draw(st.integers(at, min(len(raw), at + 8)))
    spliced = raw[:at] + data.draw(st.binary(max_size=8)) + raw[until:]
    if not refused(kind, spliced):
        assert (statements.decode(kind, spliced) == statements.decode(kind, raw)) == (spliced == raw)


@pytest.mark.parametrize("fields", [3, 4, 5, 7])
def test_a_change_has_six_fields(fields):
    raw = SAMPLES[1][1]
    change = json.loads(raw)["changes"][0]
    other = [*change, 0][:fields]
    before, after = (json.dumps(x, separators=(",", ":")).encode() for x in (change, other))
    assert before in raw
    assert refused(Header, raw.replace(before, after))


@pytest.mark.parametrize(
    "raw", [b"", b"null", b"[]", b"1", b'"a"', b"{}", b"\xff", b"\xef\xbb\xbf{}", b"{" * 90, b"NaN"]
)
def test_what_is_no_statement_at_all_is_malformed(raw):
    for kind in (Header, Head, Manifest, Segment):
        with pytest.raises(Malformed):
            statements.decode(kind, raw)


@pytest.mark.parametrize("deep", [b'{"a":' * 50_000, b'{"format":1,"feed":' + b"[" * 500_000])
def test_depth_is_refused_and_not_followed(deep):
    with pytest.raises(Malformed):
        statements.decode(Header, deep)


def test_a_statement_over_its_limit_is_not_even_read():
    with pytest.raises(Oversize):
        statements.decode(Header, b" " * (STATEMENT_BYTES + 1))


@pytest.mark.parametrize("format_", ["2", "3", "999999"])
def test_another_format_is_incompatible_whatever_else_it_says(format_):
    for raw in (b'{"format":%s}' % format_.encode(), b'{"new":[1],"format":%s,"feed":7}' % format_.encode()):
        with pytest.raises(Incompatible):
            statements.decode(Header, raw)


@pytest.mark.parametrize(
    "format_", ["1.0", "1e0", "true", '"1"', "null", "0", "-1", "9" * 30, "9" * 6000, "1e999", "2.0"]
)
def test_a_format_that_is_no_small_number_is_malformed(format_):
    with pytest.raises(Malformed):
        statements.decode(Header, b'{"format":%s}' % format_.encode())


def test_one_kind_of_statement_never_reads_as_another():
    for kind, raw in SAMPLES:
        for other in {Header, Head, Manifest, Segment} - {kind}:
            assert refused(other, raw)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sealed_at": "yesterday"},
        {"sealed_at": "٢٠٢٦-03-01T12:00:00.000Z"},
        {"sequence": -1},
        {"sequence": 10**18},
        {"sequence": 2**70},
        {"feed": "eca/catalog"},
        {"signer": ""},
    ],
)
def test_nothing_is_written_that_a_reader_would_refuse(wrong):
    head = statements.decode(Head, SAMPLES[3][1])
    with pytest.raises(Malformed):
        statements.encode(msgspec.structs.replace(head, **wrong))


@pytest.mark.parametrize("id_", ["", ".", "..", "A", "a b", "a\n", "a" * 129])
def test_a_change_of_an_id_beyond_the_grammar_cannot_be_sealed(id_):
    with pytest.raises(Malformed):
        next(segments(FEED, [Change("put", "document", id_, "1.00000000.1", "a" * 64, 1)]))


def test_a_time_is_for_people_and_has_milliseconds():
    assert statements.decode(Head, SAMPLES[3][1]).sealed_at == NOW

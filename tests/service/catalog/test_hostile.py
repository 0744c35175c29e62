"""Input from whoever means harm, and any input at all: a field is named, nothing is kept, and nothing breaks."""

import json
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.catalog.documents import DocumentIn, Type
from services.catalog.terms import Group, Theme
from tests.service.catalog.desk import US, Catalog, document, leaving
from weft.areas import areas
from weft.problems import Problem
from weft.records import wire
from weft.records.documents import Document, read
from weft.records.texts import flaw

TIMES = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-02T00:00:00.000Z"}


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": "a\0b"}, "title"),
        ({"title": "a\x1bb"}, "title"),
        ({"title": "a\u202eb"}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"title": " "}, "title"),
        ({"title": ""}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": 5}, "title"),
        ({"title": ["x"]}, "title"),
        ({"title": None}, "title"),
        ({"text": "\u2067 never closed"}, "text"),
        ({"text": "line\r\nline"}, "text"),
        ({"text": "x" * 400_001}, "text"),
        ({"description": "x" * 5_001}, "description"),
        ({"type": "poem"}, "type"),
        ({"language": "english please"}, "language"),
        ({"language": "e"}, "language"),
        ({"creator": "one"}, "creator"),
        ({"creator": ["x"] * 101}, "creator"),
        ({"subject": ["ok", "b\x07"]}, "subject.1"),
        ({"themes": ["health"]}, "themes.0"),
        ({"groups": ["everybody"]}, "groups.0"),
        ({"countries": ["XX"]}, "countries.0"),
        ({"countries": ["٤"]}, "countries.0"),
        ({"countries": ["0"]}, "countries.0"),
        ({"countries": [4]}, "countries.0"),
        ({"countries": ["4"] * 301}, "countries"),
        ({"issued": "999"}, "issued"),
        ({"issued": "3000"}, "issued"),
        ({"issued": "2020-13"}, "issued"),
        ({"issued": "2021-02-29"}, "issued"),
        ({"issued": "2020-1-1"}, "issued"),
        ({"issued": "٢٠٢٠"}, "issued"),
        ({"source": "javascript:alert(1)"}, "source"),
        ({"source": "http://"}, "source"),
        ({"source": "http://[::1"}, "source"),
        ({"source": "https://user:password@example.org/"}, "source"),
        ({"source": "https://example.org/" + "x" * 2_000}, "source"),
        ({"relation": ["no-key"]}, "relation.0"),
        ({"relation": ["eca/document/.."]}, "relation.0"),
        ({"relation": ["../document/x"]}, "relation.0"),
        ({"status": "secret"}, "status"),
        ({"audience": "everybody"}, "audience"),
        ({"audience": []}, "audience"),
        ({"audience": ["network"]}, "audience"),
        ({"audience": ["ECA"]}, "audience"),
        ({"audience": {"network": True}}, "audience"),
        ({"audience": None}, "audience"),
        ({"titel": "x"}, "titel"),
        ({"version": "1.00000000.1"}, "version"),
        ({"__class__": "x"}, "__class__"),
        ({"model_config": {}}, "model_config"),
    ],
)
def test_what_is_wrong_is_refused_by_the_name_of_its_field(
    catalog: Catalog, changed: dict[str, Any], field: str
) -> None:
    answer = catalog.put("hostile", document(**changed))
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["fields"]] == [field]
    assert answer.headers["content-type"] == "application/problem+json"
    assert catalog.get().json()["total"] == 0


def test_a_misspelt_field_is_told_its_name_and_a_server_made_one_its_maker(catalog: Catalog) -> None:
    assert "did you mean 'title'?" in catalog.put("x", document(titel="x")).json()["detail"]
    assert "made by the node" in catalog.put("x", document(key="x")).json()["detail"]


def raw(**values: str) -> bytes:
    """A document with members as they stand."""
    kept = json.dumps(document(**dict.fromkeys(values, None)))
    return (kept[:-1] + "".join(f', "{name}": {value}' for name, value in values.items()) + "}").encode()


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (raw(title='"\\ud800"'), 422, "title"),
        (raw(title='"a\\u0000"'), 422, "title"),
        (raw(title="NaN"), 422, "title"),
        (raw(title="-Infinity"), 422, "title"),
        (raw(extra="1e999"), 422, "extra"),
        (raw(subject="[NaN]"), 422, "subject.0"),
        (raw(extra='{"\\ud800": 1}'), 422, "extra"),
        (raw(extra="9" * 5000), 400, "JSON"),
        (raw(extra="[" * 40 + "]" * 40), 422, "deep"),
        (raw(extra="[" * 100_000 + "]" * 100_000), 400, "deep"),
        (raw(title='"a", "title": "b"'), 400, "twice"),
        (raw(title='"caf\\u00e9"').replace(b"\\u00e9", b"\xe9"), 400, "UTF-8"),
        (b"\xef\xbb\xbf" + raw(title='"x"'), 400, "JSON"),
        (b"", 400, "JSON"),
        (b"null", 400, "object"),
        (b"[]", 400, "object"),
        (b'"text"', 400, "object"),
        (b"{", 400, "JSON"),
        (b"{}", 422, "title"),
        (b'{"a":' * 50_000, 400, "deep"),
    ],
)
def test_bytes_that_no_document_has_are_refused(catalog: Catalog, data: bytes, status: int, said: str) -> None:
    answer = catalog.send(data)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert catalog.get().json()["total"] == 0


def test_a_document_over_a_mebibyte_is_refused_declared_or_not(catalog: Catalog) -> None:
    data = raw(title='"x"') + b" " * (1024 * 1024)
    assert catalog.send(data).status_code == 413
    undeclared = catalog.request(
        "PUT", f"/{US}/x", content=(data[at : at + 65_536] for at in range(0, len(data), 65_536))
    )
    assert (undeclared.status_code, undeclared.json()["code"]) == (413, "too-large")


def test_a_document_that_no_commit_could_carry_is_refused(catalog: Catalog) -> None:
    assert catalog.put("x", document(text="x" * 400_000)).status_code == 201
    answer = catalog.request("PUT", f"/{US}/y", content=json.dumps(document(text="水" * 200_000), ensure_ascii=False))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_markup_and_reserved_words_come_back_as_they_were(catalog: Catalog) -> None:
    title = "<script>alert(1)</script> ' OR 1=1; -- %s {0} \\"
    made = catalog.put("x", document(title=title, text="\u2067مرحبا\u2069 \u200f"))
    assert made.json()["title"] == title
    assert catalog.get(f"/{US}/x").json()["text"] == "\u2067مرحبا\u2069 \u200f"


safe = st.text(st.characters(exclude_categories=["Cs", "Cc"])).filter(lambda text: flaw(text) is None)
line = safe.map(str.strip).filter(lambda text: 0 < len(text) <= 300)
codes = st.sampled_from([code for place in areas() for code in (place.m49, place.iso2, place.iso3) if code])


def some(items: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(items, max_size=4)


documents = st.fixed_dictionaries(
    {
        "type": st.sampled_from(get_args(Type)),
        "title": line,
        "language": st.sampled_from(["en", "AR", "zh-hans", "pt-br", "sr-Latn-RS"]),
        "status": st.just("published"),
        "audience": st.sampled_from(["local", "network"]),
    },
    optional={
        "description": safe,
        "text": safe,
        "creator": some(line),
        "subject": some(line),
        "themes": some(st.sampled_from(get_args(Theme))),
        "groups": some(st.sampled_from(get_args(Group))),
        "countries": some(codes),
        "issued": st.one_of(
            st.dates().filter(lambda day: 1000 <= day.year < 3000).map(str), st.integers(1000, 2999).map(str), st.none()
        ),
        "source": st.sampled_from(["https://example.org/ü", "HTTP://example.org"]),
        "relation": some(st.sampled_from(["eca/document/a", "un/indicator/sdg-1.1.1"])),
    },
)


@given(documents)
@settings(max_examples=200, deadline=None)
def test_any_valid_document_goes_round_to_the_same_bytes(fields: dict[str, Any]) -> None:
    draft = DocumentIn.parse(wire.read(json.dumps(fields).encode()), "document")
    body = wire.write(leaving(fields) | TIMES)
    assert read(body).to_bytes() == body
    again = DocumentIn.parse({**leaving(fields), "audience": fields["audience"]}, "document")
    assert again == draft


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*DocumentIn.model_fields, "id", "else"]), anything, max_size=6), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_breaks_a_write(catalog: Catalog, fields: dict[str, Any], whole: bool) -> None:
    given_ = ({**document(), **fields}) if whole else fields
    answer = catalog.send(json.dumps(given_).encode())
    assert answer.status_code in {200, 201, 400, 412, 413, 422, 428}
    assert catalog.get(f"/{US}/hostile").status_code in {200, 404}


@given(
    st.binary(max_size=200) | st.builds(lambda a, b: raw(title=json.dumps(a), extra=b), st.text(), st.text()).map(bytes)
)
@settings(max_examples=150, deadline=None)
def test_no_bytes_break_the_reading_of_a_body(data: bytes) -> None:
    try:
        found = read(data)
    except (Problem, ValueError):
        return
    assert read(found.to_bytes()) == found


def test_the_tolerant_form_keeps_what_it_does_not_know() -> None:
    body = wire.write({**leaving(document()), **TIMES, "later": {"a": [1, "x"]}})
    assert read(body).to_bytes() == body
    assert isinstance(read(body), Document)

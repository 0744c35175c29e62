"""Reading: who sees what, finding by what a document is about, and paging through all of it."""

import itertools

import pytest

from services.catalog.documents import DOCUMENT, DocumentIn, DocumentOut
from services.catalog.kinds import KINDS
from tests.service.catalog.desk import US, Catalog, document, leaving
from weft.identity import Role
from weft.inbox.effects import Show
from weft.protocol.names import Key, Version
from weft.records import wire
from weft.records.texts import flaw

ROLES = (Role.ANONYMOUS, Role.PEER, Role.SERVICE, Role.READER, Role.EDITOR, Role.REVIEWER, Role.OPERATOR)
EVERYBODY, STAFF, EDITORS = set(ROLES), set(ROLES[3:]), set(ROLES[4:])


def received(catalog: Catalog, id_: str, *, public: bool, origin: str = "eca", **changed: object) -> None:
    times = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-02T00:00:00.000Z"}
    body = wire.write(leaving(document(audience="local", **changed)) | times)
    with catalog.node.database.writing() as session:
        assert not KINDS.projection.show(
            session, [Show(Key(origin, "document", id_), Version(1 << 32, 1), body, public)]
        )


@pytest.mark.parametrize(
    ("audience", "status", "who"),
    [
        ("network", "published", EVERYBODY),
        ("local", "published", STAFF),
        (["eca"], "published", STAFF),
        ("local", "draft", EDITORS),
    ],
)
def test_an_own_document_is_seen_by_whom_its_audience_and_status_allow(
    catalog: Catalog, audience: object, status: str, who: set[Role]
) -> None:
    catalog.admit("eca")
    made = catalog.put("water", document(audience=audience, status=status))
    assert made.status_code == 201
    for role in ROLES:
        one = catalog.get(f"/{US}/water", by=role)
        listed = catalog.get(by=role).json()
        assert (one.status_code == 200) == (role in who)
        assert listed["total"] == len(listed["items"]) == (role in who)
        if role in who:
            assert ("audience" in one.json()) == ("audience" in listed["items"][0]) == (role in EDITORS)
        else:
            missing = catalog.get(f"/{US}/nothing", by=role)
            assert one.status_code == missing.status_code == 404
            assert one.text.replace("water", "nothing").split("request_id")[0] == missing.text.split("request_id")[0]
            assert one.headers.get("etag") is None


@pytest.mark.parametrize(
    ("public", "status", "who"),
    [
        (True, "published", EVERYBODY),
        (False, "published", STAFF),
        (True, "draft", EDITORS),
        (False, "draft", EDITORS),
    ],
)
def test_a_received_document_is_seen_by_whom_its_origin_and_status_allow(
    catalog: Catalog, public: bool, status: str, who: set[Role]
) -> None:
    received(catalog, "water", public=public, status=status)
    for role in ROLES:
        one = catalog.get("/eca/water", by=role)
        assert (one.status_code == 200) == (role in who)
        assert catalog.get(by=role).json()["total"] == (role in who)
        if role in who:
            assert one.json()["visibility"] == ("public" if public else "restricted")
            assert "audience" not in one.json()


def test_a_reader_who_has_the_version_gets_no_body(catalog: Catalog) -> None:
    etag = catalog.put("water", document()).headers["etag"]
    for given in (etag, f"W/{etag}", "*", f'"other", {etag}'):
        same = catalog.get(f"/{US}/water", headers={"If-None-Match": given})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert catalog.get(f"/{US}/water", headers={"If-None-Match": '"other"'}).status_code == 200


def test_answers_are_what_the_description_says(catalog: Catalog) -> None:
    catalog.put("water", document())
    received(catalog, "river", public=True)
    one = catalog.get(f"/{US}/water")
    DocumentOut.model_validate_json(one.content)
    page = catalog.get()
    DOCUMENT.page.model_validate_json(page.content)
    assert all("text" not in item for item in page.json()["items"])
    described = catalog.client.get("/openapi.json").json()["paths"]
    taken = described["/api/v1/documents/{origin}/{id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(taken["properties"]) == set(DocumentIn.model_fields)


def test_documents_are_found_by_what_they_are_about(catalog: Catalog) -> None:
    catalog.put("a", document(countries=["MX"], themes=["gender-equality"], groups=["youth"], language="zh-hans"))
    catalog.put("b", document(countries=["PER", "MEX"], type="data-note", language="es"))
    received(catalog, "c", public=False, countries=["4"], groups=["youth"], language="zh")

    def ids(**query: str) -> set[str]:
        answer = catalog.get(params=query).json()
        found = {item["key"].rpartition("/")[2] for item in answer["items"]}
        assert answer["total"] == len(found)
        return found

    assert ids() == {"a", "b", "c"}
    assert ids(country="484") == ids(country="MX") == ids(country="mex") == {"a", "b"}
    assert ids(country="AF") == ids(country="004") == {"c"}
    assert ids(theme="gender-equality") == {"a"}
    assert ids(group="youth") == {"a", "c"}
    assert ids(group="youth", country="4", theme="health-promotion") == {"c"}
    assert ids(origin="eca") == {"c"}
    assert ids(type="data-note") == {"b"}
    assert ids(language="zh") == {"a", "c"}
    assert ids(language="ZH-HANS") == {"a"}
    assert ids(language="en") == ids(language="zu") == set()
    assert ids(status="draft") == set()


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "many"},
        {"country": "XX"},
        {"country": "\0"},
        {"type": "poem"},
        {"origin": "a\0b"},
        {"origin": "x" * 33},
        {"language": "%_"},
        {"colour": "red"},
        {"after": "nonsense"},
        {"after": "WzEsMiwzXQ"},
        {"after": "WyJcdTAwMDAiLCJhIiwiYiJd"},
        {"after": "WyJcdWQ4MDAiLCJhIiwiYiJd"},
        {"after": "é"},
        {"after": "A" * 601},
    ],
)
def test_a_query_that_says_nothing_valid_is_refused(catalog: Catalog, query: dict[str, str]) -> None:
    answer = catalog.get(params=query)
    assert answer.status_code == 422
    assert next(iter(query)) in answer.json()["detail"]


def test_paging_meets_every_document_once_also_while_others_are_written(catalog: Catalog) -> None:
    for at in range(7):
        catalog.put(f"d{at}", document())
    for at in range(5):  # all of one time: the key decides
        received(catalog, f"r{at}", public=True)
    met: list[str] = []
    path, query = "", {"limit": "3"}
    for turn in itertools.count():
        answer = catalog.get(path, params=query) if turn == 0 else catalog.get(path)
        page = answer.json()
        met += (item["key"] for item in page["items"])
        if page["next"] is None:
            assert "link" not in answer.headers
            break
        link = answer.headers["link"]
        assert link.endswith('; rel="next"')
        path = link[1:].partition(">")[0].removeprefix("/api/v1/documents")
        assert page["next"] in path
        catalog.put(f"new{turn}", document())
    ours = [f"{US}/document/d{at}" for at in reversed(range(7))]
    assert met == ours + [f"eca/document/r{at}" for at in reversed(range(5))]


def test_the_newest_change_comes_first(catalog: Catalog) -> None:
    received(catalog, "old", public=True)
    catalog.put("a", document())
    catalog.put("b", document())
    catalog.put("a", document(title="Changed"), headers={"If-Match": "*"})
    keys = [item["key"] for item in catalog.get().json()["items"]]
    assert keys == [f"{US}/document/a", f"{US}/document/b", "eca/document/old"]


@pytest.mark.parametrize("path", ["/eca/UPPER", "/EC/x", "/eca/..%2f..", "/eca/" + "x" * 129, "/local/x", "/eca/%00"])
def test_an_address_that_names_nothing_is_refused(catalog: Catalog, path: str) -> None:
    assert catalog.get(path).status_code in {400, 404}
    assert catalog.request("PUT", path, json=document()).status_code in {400, 404, 405}


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("plain\n\ttext", True),
        ("\u200e\u200f\u061c", True),
        ("\u2067עברית\u2069 and \u202bعربي\u202c", True),
        ("\u2067one\u2066two\u2069\u2069", True),
        ("\u2067one\ntwo\u2069", False),
        ("\u2067one\u2029two\u2069", False),
        ("\u2067one\u202c", False),
        ("\u2069", False),
        ("a\u202eb\u202c", False),
        ("\u202d", False),
        ("a\0", False),
        ("a\r\n", False),
        ("\x85", False),
        ("\ud800", False),
    ],
)
def test_which_text_is_safe(text: str, fine: bool) -> None:
    assert (flaw(text) is None) == fine

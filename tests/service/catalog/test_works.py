"""Works: a document tells which translations and versions of it are here, to whom may see them."""

from tests.service.catalog.desk import US, Catalog, document
from weft.identity import Role


def key(id_: str, origin: str = US) -> str:
    return f"{origin}/document/{id_}"


def a_work(catalog: Catalog) -> None:
    catalog.put("first", document(language="es", issued="2020"))
    catalog.put("english", document(title="In English", translation_of=key("first"), issued=None))
    catalog.put("arabic", document(language="ar", translation_of=key("first"), audience="local"))
    catalog.put("second", document(language="es", version_of=key("first"), replaces=[key("first")], issued="2024"))


def beside(catalog: Catalog, id_: str, by: Role = Role.EDITOR) -> tuple[list[str], list[str]]:
    told = catalog.get(f"/{US}/{id_}", by=by).json()
    found = [[item["key"].rpartition("/")[2] for item in told.get(name, [])] for name in ("translations", "versions")]
    return found[0], found[1]


def test_a_document_tells_its_translations_and_versions_and_they_tell_it(catalog: Catalog) -> None:
    a_work(catalog)
    assert beside(catalog, "first") == (["arabic", "english"], ["second"])
    assert beside(catalog, "english") == (["arabic", "first"], [])
    assert beside(catalog, "second") == ([], ["first"])
    told = catalog.get(f"/{US}/first").json()
    assert told["translations"][1] == {"key": key("english"), "title": "In English", "language": "en"}
    assert told["versions"][0]["issued"] == "2024"


def test_only_those_are_told_whom_the_caller_may_see(catalog: Catalog) -> None:
    a_work(catalog)
    assert beside(catalog, "first", Role.ANONYMOUS) == (["english"], ["second"])
    catalog.put("draft", document(translation_of=key("first"), status="draft", audience="local"))
    assert "draft" not in beside(catalog, "first", Role.READER)[0]
    assert "draft" in beside(catalog, "first")[0]


def test_a_list_is_narrowed_to_one_work(catalog: Catalog) -> None:
    a_work(catalog)
    catalog.put("other", document())
    listed = catalog.get(params={"work": key("first")}).json()
    assert {item["key"] for item in listed["items"]} == {key(id_) for id_ in ("first", "english", "arabic", "second")}
    assert listed["total"] == 4
    assert catalog.get(params={"work": key("nothing")}).json()["total"] == 0
    assert catalog.get(params={"work": "no key"}).status_code == 422


def test_a_new_translation_changes_the_tag_that_readers_compare_and_not_the_version_that_writers_name(
    catalog: Catalog,
) -> None:
    first = catalog.put("first", document())
    plain = catalog.get(f"/{US}/first").headers["etag"]
    assert plain == first.headers["etag"] == f'"{first.json()["version"]}"'
    catalog.put("english", document(translation_of=key("first")))
    changed = catalog.get(f"/{US}/first", headers={"If-None-Match": plain})
    assert (changed.status_code, changed.json()["version"]) == (200, first.json()["version"])
    etag = changed.headers["etag"]
    assert etag != plain
    assert catalog.get(f"/{US}/first", headers={"If-None-Match": etag}).status_code == 304
    revised = catalog.put("first", document(title="New"), headers={"If-Match": etag})
    assert revised.status_code == 200
    assert revised.headers["etag"] == catalog.get(f"/{US}/first").headers["etag"]
    assert catalog.put("first", document(title="Newer"), headers={"If-Match": etag}).status_code == 412


def test_what_is_told_beside_a_document_is_not_taken_back_as_its_own(catalog: Catalog) -> None:
    refused = catalog.put("first", document(translations=[]))
    assert "made by the node" in refused.json()["detail"]
    for field in ("translation_of", "version_of"):
        assert catalog.put("first", document(**{field: f"{US}/barrier/x"})).json()["fields"][0]["field"] == field


def test_a_translation_for_all_of_what_is_for_few_is_refused(catalog: Catalog) -> None:
    catalog.put("first", document(audience="local"))
    refused = catalog.put("english", document(translation_of=key("first")))
    assert (refused.status_code, refused.json()["code"]) == (422, "reference-too-wide")
    assert refused.json()["detail"].startswith("translation_of:")

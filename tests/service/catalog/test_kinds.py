"""What holds of every kind that the catalog keeps: its routes are made from its description, and do alike."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from services.catalog.barriers import BARRIER
from services.catalog.documents import DOCUMENT
from services.catalog.kinds import KINDS
from services.catalog.measures import MEASURE
from tests.service.catalog.desk import US, Catalog, barrier, document, measure
from weft.identity import Role
from weft.inbox.effects import Show
from weft.journal import seal
from weft.protocol.names import Key, Version
from weft.records import exports, wire
from weft.records.kinds import Kind

Fields = Callable[..., dict[str, Any]]
EVERY = pytest.mark.parametrize(
    ("kind", "fields"),
    [(DOCUMENT, document), (BARRIER, barrier), (MEASURE, measure)],
    ids=["document", "barrier", "measure"],
)
TIMES = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-02T00:00:00.000Z"}


def received(catalog: Catalog, kind: Kind[Any], id_: str, fields: dict[str, Any], *, public: bool = True) -> None:
    draft = kind.draft.parse(fields | {"audience": "local"}, kind.name)
    body = wire.joined(draft.content().members, wire.members(TIMES), wire.members({"later": {"a": 1}}))
    with catalog.node.database.writing() as session:
        shown = Show(Key("eca", kind.name, id_), Version(1 << 32, 1), body, public)
        assert not KINDS.projection.show(session, [shown])


def export(desk: Catalog, query: str = "", **given: Any) -> list[dict[str, Any]]:
    answer = desk.get(f"/export{query}", **given)
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.content.splitlines()]


@EVERY
def test_it_is_created_read_revised_listed_and_deleted(catalog: Catalog, kind: Kind[Any], fields: Fields) -> None:
    desk = catalog.at(kind)
    made = desk.put("one", fields())
    assert (made.status_code, made.headers["location"]) == (201, f"{kind.path}/{US}/one")
    assert made.headers["weft-after"] == f"{US}/{kind.name}/one@{made.json()['version']}"
    told = desk.get(f"/{US}/one").json()
    kept = {name: value for name, value in fields().items() if name != "countries"}
    assert {name: told[name] for name in kept} == kept
    kind.told.model_validate(told)
    assert desk.put("one", fields()).status_code == 428
    assert desk.put("one", fields(title="Other"), version=told["version"]).status_code == 200
    page = desk.get(by=Role.ANONYMOUS)
    kind.page.model_validate_json(page.content)
    assert [(item["key"], item["title"]) for item in page.json()["items"]] == [(f"{US}/{kind.name}/one", "Other")]
    gone = desk.request("DELETE", f"/{US}/one", headers={"If-Match": "*"})
    assert (gone.status_code, "weft-after" in gone.headers) == (204, True)
    assert desk.get(f"/{US}/one").status_code == 404


@EVERY
def test_what_was_read_can_be_written_again_without_what_the_node_made(
    catalog: Catalog, kind: Kind[Any], fields: Fields
) -> None:
    desk = catalog.at(kind)
    told = desk.put("one", fields()).json()
    again = {name: value for name, value in told.items() if name in kind.draft.model_fields}
    assert desk.put("one", again, version=told["version"]).json() == told


@EVERY
def test_a_post_makes_an_id_and_the_same_request_makes_one(catalog: Catalog, kind: Kind[Any], fields: Fields) -> None:
    desk = catalog.at(kind)
    first, again = (desk.request("POST", "", json=fields(), headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, first.headers["location"]) == (201, again.headers["location"])
    titled = desk.request("POST", "", json=fields(title="水"))
    assert titled.json()["key"].startswith(f"{US}/{kind.name}/{kind.name}-")


@EVERY
@pytest.mark.parametrize("given", ["put", "post", "delete", "undelete", "takedown", "bulk"])
def test_only_those_who_may_write_it_do(catalog: Catalog, kind: Kind[Any], fields: Fields, given: str) -> None:
    desk = catalog.at(kind)
    asked = {
        "put": ("PUT", f"/{US}/one", fields()),
        "post": ("POST", "", fields()),
        "delete": ("DELETE", f"/{US}/one", None),
        "undelete": ("POST", f"/{US}/one/undelete", None),
        "takedown": ("POST", f"/{US}/one/takedown", {"reason": "x"}),
        "bulk": ("POST", "/bulk", None),
    }
    method, path, body = asked[given]
    may = Role.REVIEWER if given == "takedown" else Role.EDITOR
    for role in (Role.ANONYMOUS, Role.PEER, Role.READER, Role.EDITOR, Role.REVIEWER):
        headers = {"Content-Type": "application/x-ndjson"} if given == "bulk" else {}
        status = desk.request(method, path, by=role, json=body, headers=headers).status_code
        allowed = role is Role.REVIEWER or role is may
        assert (status not in {401, 403}) == allowed, (role, status)


@EVERY
def test_what_another_node_owns_is_not_written_here(catalog: Catalog, kind: Kind[Any], fields: Fields) -> None:
    desk = catalog.at(kind)
    for method, path in (("PUT", ""), ("DELETE", ""), ("POST", "/undelete"), ("POST", "/takedown")):
        body = {"reason": "x"} if path == "/takedown" else fields()
        answer = desk.request(method, f"/un/one{path}", json=body, by=Role.REVIEWER)
        assert (answer.status_code, answer.json()["code"]) == (409, "not-ours"), (method, path)


@EVERY
def test_an_export_is_imported_again_and_changes_nothing(catalog: Catalog, kind: Kind[Any], fields: Fields) -> None:
    desk = catalog.at(kind)
    catalog.admit("eca", "ece")
    desk.put("one", fields(title="=cmd()", audience=["eca", "ece"]))
    desk.put("two", fields(description="Two\nlines, 'quoted' and \"quoted\""))
    desk.put("three", fields(status="draft", audience="local", groups=[], description=None))
    desk.put("four", fields(public_from="2027-01-01T00:00:00.000Z"))
    for form, media_type in (("ndjson", "application/x-ndjson"), ("csv", "text/csv")):
        told = desk.get(f"/export?format={form}")
        assert told.headers["content-type"].partition(";")[0] == media_type
        again = desk.load(told.content, media_type=media_type)
        assert again.status_code == 200, again.text
        assert {name: again.json()[name] for name in ("unchanged", "refused")} == {"unchanged": 4, "refused": 0}, form


@EVERY
def test_an_export_has_what_the_caller_may_see(catalog: Catalog, kind: Kind[Any], fields: Fields) -> None:
    desk = catalog.at(kind)
    desk.put("open", fields())
    desk.put("kept", fields(audience="local"))
    desk.put("draft", fields(audience="local", status="draft"))
    received(catalog, kind, "theirs", fields())
    received(catalog, kind, "restricted", fields(), public=False)
    ids = {role: {line["id"] for line in export(desk, by=role)} for role in (Role.ANONYMOUS, Role.READER, Role.EDITOR)}
    assert ids[Role.ANONYMOUS] == {"open", "theirs"}
    assert ids[Role.READER] == {"open", "theirs", "kept", "restricted"}
    assert ids[Role.EDITOR] == {"open", "theirs", "kept", "restricted", "draft"}
    assert not any("audience" in line for line in export(desk, by=Role.READER))
    assert {line["id"] for line in export(desk, "?origin=eca&group=children", by=Role.READER)} <= {
        "theirs",
        "restricted",
    }
    assert next(line for line in export(desk) if line["id"] == "theirs")["later"] == {"a": 1}
    report = desk.load(desk.get("/export").content, "?keep_going=true").json()
    refused = {line["id"]: line["code"] for line in report["lines"] if line["outcome"] == "refused"}
    assert refused == {"theirs": "not-ours", "restricted": "not-ours"}


@EVERY
def test_a_table_is_imported_and_its_rows_are_judged_one_by_one(
    catalog: Catalog, kind: Kind[Any], fields: Fields
) -> None:
    one = {name: value.replace("\n", " ") if isinstance(value, str) else value for name, value in fields().items()}
    columns = ["id", *one]

    def cell(value: object) -> str:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return "|".join(value)
        return value if isinstance(value, str) else json.dumps(value)

    held = io.StringIO()
    table = csv.writer(held)
    table.writerow(columns)
    for id_, title in (("a", "Two\nlines are no title"), ("b", "Fine"), ("Not an id", "Fine"), ("c", "Fine")):
        table.writerow([id_, *(title if name == "title" else cell(value) for name, value in one.items())])
    data = held.getvalue().encode()
    desk = catalog.at(kind)
    refused = desk.load(data, media_type="text/csv")
    assert (refused.status_code, refused.json()["code"]) == (422, "import-refused")
    report = desk.load(data, "?keep_going=true", media_type="text/csv; charset=utf-8").json()
    first = 2
    assert [(line["line"], line["outcome"]) for line in report["lines"]] == [
        (first, "refused"),
        (first + 2, "created"),
        (first + 3, "refused"),
        (first + 4, "created"),
    ]
    told = desk.get(f"/{US}/b").json()
    assert {told[name] == one[name] for name in one if name not in {"title", "countries"}} == {True}


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_an_import(catalog: Catalog) -> None:
    data = b'id,title\r\nx,"never closed\r\n' + b"y,%s\r\n" % (b"z" * 100) * 30_000
    answer = catalog.load(data, media_type="text/csv")
    assert (answer.status_code, "quotation" in answer.json()["detail"]) == (413, True)
    assert catalog.load(b'id,title\r\nx,"never closed\r\n', media_type="text/csv").json()["refused"] == 1
    assert catalog.load(b"", media_type="text/csv").json()["refused"] == 0
    assert catalog.load(b"title\r\nx\r\n", media_type="text/csv").status_code == 422


@pytest.mark.parametrize(
    ("query", "accept", "wanted"),
    [
        ("", "*/*", "application/x-ndjson"),
        ("", "text/csv", "text/csv"),
        ("", "application/x-ndjson;q=0.5, text/csv", "application/x-ndjson"),
        ("?format=csv", "application/x-ndjson", "text/csv"),
        ("", "image/png", None),
    ],
)
def test_an_export_comes_in_the_form_that_is_asked_for(
    catalog: Catalog, query: str, accept: str, wanted: str | None
) -> None:
    answer = catalog.get(f"/export{query}", headers={"Accept": accept})
    if wanted is None:
        assert (answer.status_code, answer.json()["code"]) == (406, "not-offered")
    else:
        assert answer.headers["content-type"].partition(";")[0] == wanted
    assert catalog.get("/export?format=xml").status_code == 422
    assert catalog.get("/export?limit=5").status_code == 422


def test_an_export_goes_on_over_parts_and_meets_every_record_once(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "AT_ONCE", 3)
    for at in range(7):
        catalog.put(f"d{at}", document())
        received(catalog, DOCUMENT, f"r{at}", document())
    keys = [line["key"] for line in export(catalog)]
    assert keys == sorted(
        f"{origin}/document/{name}{at}" for at in range(7) for origin, name in ((US, "d"), ("eca", "r"))
    )


@EVERY
def test_a_deletion_that_waits_is_taken_back_and_one_that_was_sealed_is_not(
    catalog: Catalog, kind: Kind[Any], fields: Fields
) -> None:
    desk = catalog.at(kind)
    first = desk.put("one", fields()).json()
    assert desk.request("POST", f"/{US}/one/undelete").json()["code"] == "not-deleted"
    assert desk.request("POST", f"/{US}/never/undelete").status_code == 404
    desk.request("DELETE", f"/{US}/one?undo_seconds=600", headers={"If-Match": "*"})
    back = desk.request("POST", f"/{US}/one/undelete")
    assert (back.status_code, back.json()["title"]) == (200, first["title"])
    assert back.headers["weft-after"].endswith(back.json()["version"])
    assert back.json()["version"] > first["version"]
    desk.request("DELETE", f"/{US}/one", headers={"If-Match": "*"})
    with catalog.node.database.writing() as session:
        seal.seal_all(session, catalog.node.incarnation)
    assert desk.request("POST", f"/{US}/one/undelete").json()["code"] == "sealed"
    assert desk.request("DELETE", f"/{US}/x?undo_seconds=3601", headers={"If-Match": "*"}).status_code == 422


@EVERY
def test_a_record_that_was_taken_down_is_gone_with_its_reason(
    catalog: Catalog, kind: Kind[Any], fields: Fields
) -> None:
    desk = catalog.at(kind)
    version = desk.put("one", fields()).json()["version"]
    missing = desk.request("POST", f"/{US}/one/takedown", json={}, by=Role.REVIEWER, headers={"If-Match": "*"})
    assert missing.status_code == 422
    done = desk.request(
        "POST",
        f"/{US}/one/takedown",
        json={"reason": "It names a person."},
        by=Role.REVIEWER,
        headers={"If-Match": f'"{version}"'},
    )
    assert done.status_code == 204, done.text
    assert done.headers["weft-after"].startswith(f"{US}/{kind.name}-takedown/one@")
    gone = desk.get(f"/{US}/one", by=Role.ANONYMOUS)
    assert (gone.status_code, gone.json()["code"], gone.json()["reason"]) == (410, "taken-down", "It names a person.")
    assert export(desk) == []


def test_until_its_time_a_record_is_for_this_node_alone(catalog: Catalog) -> None:
    made = catalog.put("soon", document(public_from="2027-01-01T00:00:00.000Z"))
    told = made.json()
    assert (told["visibility"], told["audience"], told["public_from"]) == (
        "restricted",
        "network",
        "2027-01-01T00:00:00.000Z",
    )
    assert catalog.get(f"/{US}/soon", by=Role.ANONYMOUS).status_code == 404
    now = catalog.put("now", document(relation=[f"{US}/document/soon"]))
    assert now.json()["code"] == "reference-too-wide"
    later = document(relation=[f"{US}/document/soon"], public_from="2027-02-01T00:00:00.000Z")
    assert catalog.put("later", later).status_code == 201
    earlier = document(relation=[f"{US}/document/soon"], public_from="2026-12-01T00:00:00.000Z")
    assert catalog.put("earlier", earlier).json()["code"] == "reference-too-wide"

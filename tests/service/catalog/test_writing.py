"""Writing own documents: what is answered, what is journalled, and which conflicts are told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from services.catalog.documents import DOCUMENT, DocumentIn
from tests.service.catalog.desk import US, Catalog, document
from weft.identity import Role
from weft.journal import readers, seal
from weft.journal.models import OwnRow, PendingRow
from weft.records.models import ShownRow, TagRow
from weft.records.preconditions import Precondition
from weft.records.writing import put


def tables(catalog: Catalog) -> tuple[int, int, int, int]:
    with catalog.node.database.reading() as session:
        return tuple(len(session.exec(select(model)).all()) for model in (OwnRow, PendingRow, ShownRow, TagRow))  # type: ignore[return-value]


def test_a_document_is_created_and_read_back_with_countries_in_three_codes(catalog: Catalog) -> None:
    made = catalog.put("water", document())
    assert made.status_code == 201
    assert made.headers["location"] == f"/api/v1/documents/{US}/water"
    read = catalog.get(f"/{US}/water")
    assert read.content == made.content
    assert read.headers["etag"] == made.headers["etag"] == f'"{read.json()["version"]}"'
    told = read.json()
    assert told["key"] == f"{US}/document/water"
    assert told["audience"] == "network"
    assert told["visibility"] == "public"
    assert told["countries"] == [
        {"m49": "484", "iso2": "MX", "iso3": "MEX"},
        {"m49": "170", "iso2": "CO", "iso3": "COL"},
        {"m49": "604", "iso2": "PE", "iso3": "PER"},
        {"m49": "4", "iso2": "AF", "iso3": "AFG"},
    ]
    kept = document()
    assert {name: told[name] for name in kept if name != "countries"} == {
        name: value for name, value in kept.items() if name != "countries"
    }


def test_what_is_journalled_has_no_audience_and_no_name(catalog: Catalog) -> None:
    catalog.put("water", document(audience="local"))
    with catalog.node.database.reading() as session:
        row = session.get_one(OwnRow, ("document", "water"))
    assert row.audience == "local"
    assert row.body is not None
    for word in (b'"audience"', b'"key"', b'"origin"', b'"version"', b"someone"):
        assert word not in row.body
    assert b'"countries":["484","170","604","4"]' in row.body


def test_a_write_wakes_the_sequencer_and_what_it_seals_is_what_was_answered(catalog: Catalog) -> None:
    made = catalog.put("water", document())
    assert catalog.node.ring.rung == 1
    with catalog.node.database.writing() as session:
        (commit,) = seal.seal_all(session, catalog.node.incarnation)
    assert [(c.op, c.id, str(c.version)) for c in commit.header.changes] == [("put", "water", made.json()["version"])]


def test_a_revision_needs_the_version_that_it_revises(catalog: Catalog) -> None:
    first = catalog.put("water", document()).json()["version"]
    unsaid = catalog.put("water", document(title="Other"))
    assert (unsaid.status_code, unsaid.json()["code"]) == (428, "condition-required")
    second = catalog.put("water", document(title="Other"), version=first)
    assert second.status_code == 200
    stale = catalog.put("water", document(title="Third"), version=first)
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-version")
    assert catalog.get(f"/{US}/water").json()["title"] == "Other"
    forced = catalog.put("water", document(title="Third"), headers={"If-Match": "*"})
    assert forced.status_code == 200
    assert forced.json()["created_at"] == second.json()["created_at"] <= forced.json()["updated_at"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": "*"}, 412),
        ({"If-Match": '"1.00000000.1"'}, 412),
        ({"If-Match": "no tag"}, 412),
        ({"If-None-Match": "*"}, 201),
        ({}, 201),
    ],
)
def test_what_a_creation_may_demand(catalog: Catalog, headers: dict[str, str], status: int) -> None:
    assert catalog.put("water", document(), headers=headers).status_code == status
    assert catalog.get(f"/{US}/water").status_code == (200 if status == 201 else 404)


def test_if_none_match_never_overwrites_and_a_weak_tag_never_matches(catalog: Catalog) -> None:
    version = catalog.put("water", document()).json()["version"]
    assert catalog.put("water", document(title="B"), headers={"If-None-Match": "*"}).status_code == 412
    assert catalog.put("water", document(title="B"), headers={"If-Match": f'W/"{version}"'}).status_code == 412
    assert catalog.put("water", document(title="B"), headers={"If-Match": f'"x", "{version}"'}).status_code == 200


def test_the_same_words_make_no_new_version(catalog: Catalog) -> None:
    first = catalog.put("water", document()).json()
    again = catalog.put("water", document(), version=first["version"])
    assert again.status_code == 200
    assert again.json() == first
    assert tables(catalog)[1] == 1
    other_audience = catalog.put("water", document(audience="local"), version=first["version"]).json()
    assert other_audience["version"] != first["version"]


def test_a_document_of_another_node_is_its_owners_to_change(catalog: Catalog) -> None:
    for method in ("PUT", "DELETE"):
        answer = catalog.request(method, "/eca/water", json=document())
        assert (answer.status_code, answer.json()["code"], answer.json()["owner"]) == (409, "not-ours", "eca")
    assert tables(catalog) == (0, 0, 0, 0)


def test_deleting_leaves_nothing_but_the_version_and_the_key_is_not_used_again(catalog: Catalog) -> None:
    version = catalog.put("water", document()).json()["version"]
    assert catalog.request("DELETE", f"/{US}/water").status_code == 428
    assert catalog.request("DELETE", f"/{US}/water", headers={"If-Match": '"x"'}).status_code == 412
    gone = catalog.request("DELETE", f"/{US}/water", headers={"If-Match": f'"{version}"'})
    assert (gone.status_code, gone.content) == (204, b"")
    assert catalog.get(f"/{US}/water").status_code == 404
    assert catalog.request("DELETE", f"/{US}/water", headers={"If-Match": "*"}).status_code == 404
    assert tables(catalog) == (1, 2, 0, 0)
    again = catalog.put("water", document())
    assert (again.status_code, again.json()["code"]) == (410, "deleted")


def test_a_post_makes_an_id_of_the_title(catalog: Catalog) -> None:
    latin = catalog.request("POST", "", json=document(title="El año: ¿qué cambió?"))
    assert latin.status_code == 201
    assert latin.json()["key"].startswith(f"{US}/document/el-ano-que-cambio-")
    arabic = catalog.request("POST", "", json=document(title="بطالة النساء"))
    assert arabic.json()["key"].startswith(f"{US}/document/document-")
    assert catalog.get(arabic.headers["location"].removeprefix("/api/v1/documents")).status_code == 200
    twice = catalog.request("POST", "", json=document(title="El año: ¿qué cambió?"))
    assert twice.json()["key"] != latin.json()["key"]


@pytest.mark.parametrize(
    ("by", "status"), [(Role.ANONYMOUS, 401), (Role.READER, 403), (Role.PEER, 403), (Role.SERVICE, 403)]
)
def test_only_editors_write(catalog: Catalog, by: Role, status: int) -> None:
    catalog.put("water", document())
    before = tables(catalog)
    assert catalog.put("other", document(), by=by).status_code == status
    assert catalog.put("other", {"broken": 1}, by=by).status_code == status
    assert catalog.request("POST", "", json=document(), by=by).status_code == status
    assert catalog.request("DELETE", f"/{US}/water", headers={"If-Match": "*"}, by=by).status_code == status
    assert catalog.load(b'{"id": "x"}\n', by=by).status_code == status
    assert tables(catalog) == before


@pytest.mark.parametrize("by", [Role.EDITOR, Role.REVIEWER, Role.OPERATOR])
def test_editors_and_whoever_is_more_write(catalog: Catalog, by: Role) -> None:
    assert catalog.put("water", document(), by=by).status_code == 201


def test_a_draft_stays_here(catalog: Catalog) -> None:
    refused = catalog.put("water", document(status="draft"))
    assert refused.status_code == 422
    assert refused.json()["fields"][0]["field"] == "audience"
    assert catalog.put("water", document(status="draft", audience="local")).status_code == 201


def test_an_audience_names_approved_peers_alone(catalog: Catalog) -> None:
    refused = catalog.put("water", document(audience=["eca"]))
    assert (refused.status_code, tables(catalog)) == (422, (0, 0, 0, 0))
    assert "eca" in refused.json()["detail"]
    catalog.admit("eca", "ece")
    made = catalog.put("water", document(audience=["ece", "eca", "eca"]))
    assert made.json()["audience"] == ["eca", "ece"]
    assert made.json()["visibility"] == "restricted"


def test_a_reference_from_a_wider_audience_to_a_narrower_is_refused_from_both_sides(catalog: Catalog) -> None:
    catalog.admit("eca", "ece")
    catalog.put("narrow", document(audience=["eca"]))
    key = f"{US}/document/narrow"
    for audience in ("network", ["eca", "ece"], ["ece"]):
        refused = catalog.put("wide", document(audience=audience, relation=[key]))
        assert (refused.status_code, refused.json()["code"]) == (422, "reference-too-wide")
    assert catalog.put("kept", document(audience="local", relation=[key])).status_code == 201
    assert catalog.put("fits", document(audience=["eca"], relation=[key])).status_code == 201
    narrower = catalog.put("narrow", document(audience="local"), headers={"If-Match": "*"})
    assert (narrower.status_code, narrower.json()["code"]) == (422, "reference-too-wide")
    assert catalog.put("narrow", document(audience="network"), headers={"If-Match": "*"}).status_code == 200


def test_references_may_dangle_until_what_they_name_would_be_narrower(catalog: Catalog) -> None:
    relation = ["eca/document/unknown", "un/indicator/sdg-1.1.1", f"{US}/document/later", f"{US}/measure/m1"]
    assert catalog.put("wide", document(relation=relation)).status_code == 201
    assert catalog.put("later", document(audience="local")).status_code == 422
    assert catalog.put("later", document()).status_code == 201


def test_what_the_kernel_changes_of_a_record_is_followed(catalog: Catalog) -> None:
    catalog.admit("eca")
    made = catalog.put("shared", document(audience=["eca"])).json()
    node = catalog.node
    with node.database.writing() as session:
        readers.remove(session, node.incarnation, "eca")
        assert DOCUMENT.own.follow(session, node.incarnation) == 1
        assert DOCUMENT.own.follow(session, node.incarnation) == 0
    now = catalog.get(f"/{US}/shared").json()
    assert now["audience"] == "local"
    assert now["version"] != made["version"]
    assert catalog.put("shared", document(), version=now["version"]).status_code == 200


def test_a_write_that_fails_after_the_journal_leaves_nothing(catalog: Catalog) -> None:
    node = catalog.node
    if not node.database.sqlite:
        pytest.skip("SQLite alone has what this fails by")
    with node.database.writing() as session:
        session.connection().exec_driver_sql(
            "CREATE TRIGGER full BEFORE INSERT ON shown_tag BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
    with pytest.raises(IntegrityError, match="disk full"), node.database.writing() as session:
        put(session, node.incarnation, DOCUMENT, "water", DocumentIn.parse(document(), "document"), Precondition())
    assert tables(catalog) == (0, 0, 0, 0)


@pytest.mark.parametrize("present", [False, True])
def test_of_editors_who_write_at_once_one_wins_and_the_others_are_told(catalog: Catalog, present: bool) -> None:
    headers = {"If-None-Match": "*"}
    if present:
        headers = {"If-Match": catalog.put("water", document()).headers["etag"]}
    with ThreadPoolExecutor(6) as editors:
        answers = list(
            editors.map(lambda at: catalog.put("water", document(title=f"By {at}"), headers=headers), range(6))
        )
    won = [answer for answer in answers if answer.status_code in {200, 201}]
    assert [answer.status_code for answer in answers if answer not in won] == [412] * 5
    assert catalog.get(f"/{US}/water").json() == won[0].json()

"""Writing one series: versions, preconditions, audiences, roles."""

import json

import pytest

from services.indicators.store import OURS
from tests.service.indicators.desk import US, Desk, id_of, series
from weft.identity import Role
from weft.journal import readers, seal
from weft.journal.models import OwnRow


def test_a_series_is_created_and_read_back_with_its_area_in_three_codes(desk: Desk) -> None:
    answer = desk.put(series(REF_AREA="EGY"), id_="sh_dyn_mort.818.f")
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/series/{US}/sh_dyn_mort.818.f"
    read = desk.get(f"/series/{US}/sh_dyn_mort.818.f")
    assert read.headers["etag"] == answer.headers["etag"] == f'"{read.json()["version"]}"'
    item = read.json()
    assert item["key"] == "eca/series/sh_dyn_mort.818.f"
    assert item["area"] == {"m49": "818", "iso2": "EG", "iso3": "EGY"}
    assert item["dimensions"]["REF_AREA"] == "818"
    assert item["dimensions"]["AGE"] == "_T"
    assert (item["count"], item["first_period"], item["last_period"]) == (3, "2010", "2016")
    assert item["observations"] == {"TIME_PERIOD": ["2010", "2015", "2016"], "OBS_VALUE": ["38.1", "34.20", None]}
    assert (item["audience"], item["visibility"]) == ("network", "public")


def test_what_is_journalled_has_no_audience(desk: Desk) -> None:
    desk.put(series(audience="local"))
    with desk.node.database.reading() as session:
        body = session.get_one(OwnRow, ("series", "sh_dyn_mort.818.f")).body
    assert set(json.loads(body or b"")) == {
        "dimensions", "attributes", "title", "observations", "created_at", "updated_at"
    }  # fmt: skip


def test_a_write_wakes_the_sequencer_and_can_be_sealed(desk: Desk) -> None:
    desk.put(series())
    assert desk.node.ring.rung == 1
    with desk.node.database.writing() as session:
        commits = seal.seal(session, desk.node.incarnation)
    assert {commit.header.feed for commit in commits} == {"eca/indicators/network"}


def test_a_revision_needs_the_version_that_it_revises(desk: Desk) -> None:
    version = desk.put(series()).json()["version"]
    revised = series(title={"en": "Another"})
    assert desk.put(revised).json()["code"] == "condition-required"
    assert desk.put(revised, version="1.00000000.1").json()["code"] == "stale-version"
    done = desk.put(revised, version=version)
    assert (done.status_code, done.json()["title"]) == (200, {"en": "Another"})
    assert done.json()["version"] > version
    assert done.json()["created_at"] < done.json()["updated_at"]


def test_the_same_series_makes_no_new_version_in_whatever_order_and_form_it_comes(desk: Desk) -> None:
    first = desk.put(series()).json()
    other = series(
        attributes={"UNIT_MEASURE": "PER_1000_LIVE_BIRTHS", "UNIT_MULT": "0"},
        observations={"OBS_VALUE": ["+38.1", "34.20", None], "TIME_PERIOD": ["2010", "2015", "2016"]},
        REF_AREA="EGY",
        AGE="_T",
    )
    assert desk.put(other, version=first["version"], id_="sh_dyn_mort.818.f").json() == first
    assert desk.journalled() == 1


def test_a_changed_audience_alone_makes_a_new_version(desk: Desk) -> None:
    first = desk.put(series()).json()
    second = desk.put(series(audience="local"), version=first["version"]).json()
    assert (second["visibility"], second["audience"]) == ("restricted", "local")
    assert second["version"] != first["version"]


def test_a_series_stands_at_the_id_of_its_dimensions_only(desk: Desk) -> None:
    answer = desk.put(series(), id_="another")
    assert (answer.status_code, answer.json()["id"]) == (422, "sh_dyn_mort.818.f")


def test_a_post_finds_the_id_and_never_overwrites(desk: Desk) -> None:
    made = desk.request("POST", "/series", json=series())
    assert (made.status_code, made.json()["key"]) == (201, "eca/series/sh_dyn_mort.818.f")
    assert desk.request("POST", "/series", json=series()).status_code == 412


def test_a_series_of_another_node_is_its_owners_to_change(desk: Desk) -> None:
    one = series()
    desk.receive("escwa", one)
    for method in ("PUT", "DELETE"):
        answer = desk.request(method, f"/series/escwa/{id_of(one)}", json=one, headers={"If-Match": "*"})
        assert (answer.status_code, answer.json()["owner"]) == (409, "escwa")


def test_deleting_leaves_nothing_to_see_and_the_key_is_not_used_again(desk: Desk) -> None:
    version = desk.put(series()).json()["version"]
    path = f"/series/{US}/{id_of(series())}"
    assert desk.request("DELETE", path).status_code == 428
    assert desk.request("DELETE", path, headers={"If-Match": f'"{version}"'}).status_code == 204
    assert desk.get(path).status_code == 404
    assert desk.get("/observations").json()["total"] == 0
    assert desk.put(series()).status_code == 410
    assert desk.request("DELETE", path, headers={"If-Match": "*"}).status_code == 404


@pytest.mark.parametrize(("by", "status"), [(Role.ANONYMOUS, 401), (Role.READER, 403), (Role.PEER, 403)])
def test_only_editors_write(desk: Desk, by: Role, status: int) -> None:
    assert desk.put(series(), by=by).status_code == status
    assert desk.load(b"", by=by).status_code == status
    assert desk.load_unsd(b"", by=by).status_code == status
    assert desk.request("POST", "/series", json=series(), by=by).status_code == status
    assert desk.request("DELETE", f"/series/{US}/x", by=by).status_code == status
    assert desk.journalled() == 0


def test_an_audience_names_approved_peers_alone(desk: Desk) -> None:
    refused = desk.put(series(audience=["ece"]))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
    desk.admit("ece")
    assert desk.put(series(audience=["ece"])).json()["audience"] == ["ece"]


def test_what_the_kernel_changes_of_a_record_is_followed(desk: Desk) -> None:
    desk.admit("ece")
    before = desk.put(series(audience=["ece"])).json()
    with desk.node.database.writing() as session:
        readers.remove(session, desk.node.incarnation, "ece")
        assert OURS.follow(session, desk.node.incarnation) == 1
        assert OURS.follow(session, desk.node.incarnation) == 0
    after = desk.get(f"/series/{US}/{id_of(series())}").json()
    assert (after["audience"], after["version"] > before["version"]) == ("local", True)


def test_a_series_keeps_the_time_of_its_creation_through_every_revision(desk: Desk) -> None:
    made = desk.put(series()).json()
    for title in ("Once", "Twice"):
        last = desk.put(series(title={"en": title}), headers={"If-Match": "*"}).json()
    assert made["created_at"] == last["created_at"] < last["updated_at"]


def test_a_creation_that_is_sent_again_with_its_idempotency_key_is_answered_alike(desk: Desk) -> None:
    headers = {"Idempotency-Key": "k1"}
    first, again = (desk.request("POST", "/series", json=series(), headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert (again.headers["location"], again.headers["etag"]) == (first.headers["location"], first.headers["etag"])
    other = desk.request("POST", "/series", json=series(SEX="M"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert desk.request("POST", "/series", json=series()).status_code == 412
    assert desk.journalled() == 1

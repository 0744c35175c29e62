"""How a series ends, comes back, waits for its day, and is waited for by who wrote it."""

import json

from tests.service.indicators.desk import US, id_of, series
from weft.identity import Role

ID = id_of(series())
PATH = f"/series/{US}/{ID}"


def version(desk):
    return desk.get(PATH).json()["version"]


def delete(desk, query="", **given):
    return desk.request("DELETE", f"{PATH}{query}", headers={"If-Match": f'"{version(desk)}"'}, **given)


def take_down(desk, **given):
    return desk.request(
        "POST", f"{PATH}/takedown", json={"reason": "Wrong unit."}, headers={"If-Match": f'"{version(desk)}"'}, **given
    )


def test_a_deletion_that_waits_can_be_taken_back(desk):
    before = desk.put(series()).json()
    assert delete(desk, "?undo_seconds=60").status_code == 204
    assert desk.get(PATH).status_code == 404
    back = desk.request("POST", f"{PATH}/undelete")
    assert back.status_code == 200
    assert back.json()["observations"] == before["observations"]
    assert desk.get(PATH, by=Role.ANONYMOUS).json()["version"] == back.json()["version"] > before["version"]


def test_what_was_not_deleted_cannot_be_undeleted(desk):
    desk.put(series())
    assert desk.request("POST", f"{PATH}/undelete").json()["code"] == "not-deleted"


def test_a_takedown_is_for_reviewers_and_says_why_to_all_who_could_read(desk):
    desk.put(series())
    since = desk.get("/changes", by=Role.ANONYMOUS).json()["next"]
    assert take_down(desk).status_code == 403
    assert take_down(desk, by=Role.REVIEWER).status_code == 204
    gone = desk.get(PATH, by=Role.ANONYMOUS)
    assert (gone.status_code, gone.json()["reason"]) == (410, "Wrong unit.")
    told = desk.get(f"/changes?since={since}", by=Role.ANONYMOUS).json()["items"]
    assert {(item["op"], item["kind"]) for item in told} == {("delete", "series"), ("put", "series-takedown")}


def test_a_series_waits_here_until_its_day(desk):
    answer = desk.put(series(public_from="2036-05-01T00:00:00.000Z"))
    assert answer.json()["public_from"] == "2036-05-01T00:00:00.000Z"
    assert answer.json()["audience"] == "network"
    assert desk.get(PATH, by=Role.ANONYMOUS).status_code == 404
    assert "public_from" not in desk.get(PATH, by=Role.READER).json()


def test_an_import_keeps_the_day_from_which_a_series_is_public(desk):
    line = json.dumps(series(public_from="2036-05-01T00:00:00.000Z")).encode()
    assert desk.load(line).json()["created"] == 1
    assert desk.get(PATH).json()["public_from"] == "2036-05-01T00:00:00.000Z"


def test_every_write_names_what_a_read_can_wait_for(desk):
    answers = [desk.put(series()), delete(desk, "?undo_seconds=60"), desk.request("POST", f"{PATH}/undelete")]
    named = [answer.headers["weft-after"] for answer in answers]
    assert all(text.startswith(f"{US}/series/{ID}@") for text in named)
    assert len(set(named)) == 3
    assert desk.get(PATH, headers={"Weft-After": named[-1]}).status_code == 200

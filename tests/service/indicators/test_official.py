"""The official lists: complete, shown beside other records, and nobody's to change."""

import pytest

from services.indicators.official import RELEASE, load
from services.indicators.official.records import records
from tests.service.indicators.proposals import indicator
from weft.identity import Role
from weft.protocol.names import Key, Version
from weft.records.models import ShownRow
from weft.records.rows import Entry


@pytest.fixture
def lists(desk):
    follow(desk)
    return desk


def follow(desk):
    with desk.node.database.writing() as session:
        return load.follow(session, desk.node.incarnation)


def rows(desk):
    with desk.node.database.reading() as session:
        found = session.connection().exec_driver_sql("select kind, id, number, members, rest from shown order by 1, 2")
        return [tuple(line) for line in found]


def ids(answer):
    return [item["key"].rpartition("/")[2] for item in answer.json()["items"]]


@pytest.mark.parametrize(
    ("plural", "framework", "count"),
    [
        ("goals", "mdg-2008", 8),
        ("targets", "mdg-2008", 21),
        ("indicators", "mdg-2008", 60),
        ("goals", "sdg-2020", 17),
        ("targets", "sdg-2020", 169),
        ("indicators", "sdg-2020", 208),
    ],
)
def test_anybody_finds_all_of_a_framework(lists, plural, framework, count):
    answer = lists.get(f"/{plural}?framework=un/framework/{framework}", by=Role.ANONYMOUS)
    assert answer.json()["total"] == count


def test_lists_are_in_the_order_of_their_numbers_and_not_of_their_letters(lists):
    answer = lists.get("/indicators?goal=un/goal/mdg-2008.7&limit=200")
    assert [item["number"] for item in answer.json()["items"]] == [f"7.{at}" for at in range(1, 11)]


def test_indicators_serve_several_targets_where_the_official_list_says_so(lists):
    jointly = lists.get("/indicators?target=un/target/mdg-2008.8.b&limit=200")
    assert ids(jointly) == [f"mdg-2008.8.{at}" for at in range(1, 13)]
    forests = lists.get("/indicators/un/mdg-2008.7.1").json()
    assert forests["targets"] == ["un/target/mdg-2008.7.a", "un/target/mdg-2008.7.b"]


def test_an_indicator_is_found_by_the_series_that_measures_it(lists):
    assert ids(lists.get("/indicators?measured_by=SH_DYN_MORT")) == ["mdg-2008.4.1", "sdg-2020.3.2.1"]


def test_a_target_says_what_it_demands_in_numbers(lists):
    values = lists.get("/targets/un/mdg-2008.4.a").json()["values"]
    assert [(one["of_base"], one["base_year"], one["year"], one["direction"]) for one in values] == [
        ("1/3", 1990, 2015, "decrease")
    ]


def test_nobody_writes_what_is_of_the_united_nations(lists):
    before = rows(lists)
    path = "/indicators/un/mdg-2008.7.10"
    line = b'{"id":"x","origin":"un","title":{"en":"T"},"status":"proposed","audience":"network"}\n'
    answers = [
        lists.put_at(path, indicator(), by=Role.OPERATOR),
        lists.request("DELETE", path, by=Role.OPERATOR, headers={"If-Match": "*"}),
        lists.request("POST", f"{path}/takedown", by=Role.OPERATOR, json={"reason": "No."}),
        lists.request("POST", f"{path}/undelete", by=Role.OPERATOR),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "not-ours")] * 4
    report = lists.request("POST", "/indicators/bulk", content=line, headers={"Content-Type": "application/x-ndjson"})
    assert report.json()["lines"][0]["code"] == "not-ours"
    assert rows(lists) == before
    assert lists.journalled() == 0


def test_loading_them_again_changes_nothing(lists):
    before = rows(lists)
    assert follow(lists) == 0
    assert rows(lists) == before


def test_a_release_takes_out_what_it_no_longer_has_and_mends_what_was_changed(lists):
    before = rows(lists)
    stray = Key.make("un", "indicator", "mdg-2003.48")
    with lists.node.database.writing() as session:
        kind = load.KINDS[3]
        kind.show(session, [Entry(stray, Version(0, RELEASE - 1), next(iter_indicators()), public=True)])
        session.connection().execute(ShownRow.__table__.delete().where(ShownRow.__table__.c.id == "mdg-2008.7.10"))
    assert follow(lists) > 0
    assert rows(lists) == before
    assert lists.get(f"/indicators/un/{stray.id}").status_code == 404


def test_an_own_record_of_the_same_name_is_left_alone_when_lists_are_loaded(desk):
    assert desk.put_at("/indicators/eca/mdg-2008.7.10", indicator()).status_code == 201
    follow(desk)
    assert desk.get("/indicators/eca/mdg-2008.7.10").status_code == 200
    assert desk.get("/indicators/un/mdg-2008.7.10").json()["title"]["en"].startswith("Proportion of urban")


def test_clients_that_follow_changes_are_told_of_them(lists):
    page = lists.get("/changes?kinds=framework", by=Role.ANONYMOUS).json()
    assert {(item["op"], item["key"], item["version"]) for item in page["items"]} == {
        ("put", f"un/framework/{id_}", str(Version(0, RELEASE))) for id_ in ("mdg-2008", "sdg-2020")
    }


def iter_indicators():
    return (record for key, record in records().items() if key.kind == "indicator")

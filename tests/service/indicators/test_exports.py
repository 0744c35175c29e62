"""Exports of series: what the caller may see, as lines or as a table, which imports take again without changing anything."""

import csv
import io
import json

import pytest

from services.indicators import exporting
from tests.service.indicators.desk import US, series
from weft.identity import Role

CSV = "text/csv"


def export(desk, query="", **given):
    answer = desk.get(f"/series/export{query}", **given)
    assert answer.status_code == 200, answer.text
    return answer


def records(answer):
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.fixture
def several(desk):
    attributes = {"UNIT_MEASURE": "PT", "COMMENT_TS": '=a "quoted"\nnote; with, marks'}
    desk.put(series())
    desk.put(series(SEX="M", attributes=attributes, audience="local"))
    desk.put(series(REF_AREA="170", AGE="Y0T4", audience="local"))
    return desk


def test_lines_are_imported_again_as_they_were(several):
    before = several.get("/series").json()["items"]
    report = several.load(export(several).content).json()
    assert (report["unchanged"], report["refused"], report["created"], report["revised"]) == (3, 0, 0, 0)
    assert several.get("/series").json()["items"] == before


def test_a_table_is_imported_again_as_it_was(desk):
    desk.put(series(title={"en": "Under-five mortality rate (deaths per 1,000 live births)"}))
    titled = desk.get("/series").json()["items"]
    table = export(desk, "?format=csv").content
    report = desk.load(table, "?audience=network", type_=CSV).json()
    assert report["refused"] == 0
    again = desk.get("/series").json()["items"]
    assert [item["dimensions"] for item in again] == [item["dimensions"] for item in titled]
    assert export(desk, "?format=csv").text.splitlines()[0] == table.decode().splitlines()[0]


def test_an_export_has_what_the_caller_may_see_and_asked_for(several):
    assert [one["dimensions"]["SEX"] for one in records(export(several, by=Role.ANONYMOUS))] == ["F"]
    assert len(records(export(several, by=Role.READER))) == 3
    assert [one["area"]["iso3"] for one in records(export(several, "?ref_area=CO"))] == ["COL"]
    assert "audience" not in records(export(several, by=Role.READER))[0]


def test_an_export_of_another_node_is_not_written_as_ours(desk):
    desk.receive("escwa", series())
    line = records(export(desk))[0]
    assert (line["origin"], line["id"]) == ("escwa", line["key"].rpartition("/")[2])
    report = desk.load(json.dumps({**line, "audience": "network"}).encode(), "?keep_going=true").json()
    assert report["lines"][0]["code"] == "not-ours"


def test_an_export_in_many_parts_has_each_series_once(several, monkeypatch):
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    found = [one["id"] for one in records(export(several))]
    assert found == sorted(set(found))
    assert len(found) == 3


@pytest.mark.parametrize(
    ("accept", "form"), [("text/csv", "text/csv"), ("application/x-ndjson, text/csv", "application/x-ndjson")]
)
def test_an_export_comes_as_accept_says(several, accept, form):
    assert export(several, headers={"Accept": accept}).headers["content-type"].startswith(form)


def test_an_export_that_is_not_offered_is_refused(several):
    answer = several.get("/series/export", headers={"Accept": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not-offered")


def test_a_table_names_whose_each_line_is(several):
    rows = list(csv.DictReader(io.StringIO(export(several, "?format=csv").text, newline="")))
    assert {row["ORIGIN"] for row in rows} == {US}

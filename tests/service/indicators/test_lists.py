"""Code lists, countries and a country's figures."""

import csv
import io
import json

import pytest

from services.indicators.codelists import codelists
from tests.service.indicators.desk import series
from weft.identity import Role


def get(desk, path, **given):
    return desk.get(path, by=Role.ANONYMOUS, **given)


def test_every_list_that_is_named_is_there(desk):
    items = get(desk, "/codelists").json()["items"]
    assert {item["id"] for item in items} == set(codelists())
    for item in items:
        found = get(desk, item["href"].removeprefix("/api/v1")).json()
        assert (found["total"], len(found["items"])) == (item["codes"], item["codes"])
        assert found["languages"] == item["languages"]


@pytest.mark.parametrize(
    ("query", "headers", "name"),
    [
        ("", {}, "Female"),
        ("?lang=es", {"Accept-Language": "fr"}, "Mujeres"),
        ("", {"Accept-Language": "de, fr-CA;q=0.8, en;q=0.5"}, "Femmes"),
        ("", {"Accept-Language": "es;q=0, ru;q=0.1"}, "Женщины"),
        ("", {"Accept-Language": "q=,;;;,"}, "Female"),
    ],
)
def test_names_are_in_the_language_that_is_asked_for(desk, query, headers, name):
    found = get(desk, f"/codelists/sex{query}", headers=headers)
    assert next(item["name"] for item in found.json()["items"] if item["code"] == "F") == name
    assert found.headers["vary"] == "Accept-Language"


def test_a_list_is_not_sent_again_to_who_has_it(desk):
    first = get(desk, "/codelists/groups")
    assert "max-age" in first.headers["cache-control"]
    assert get(desk, "/codelists/groups", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert get(desk, "/codelists/groups?lang=fr").headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", ["/codelists/sex", "/countries"])
def test_a_list_is_had_as_lines_and_as_a_table(desk, path):
    whole = get(desk, path).json()["items"]
    lines = get(desk, f"{path}?format=ndjson")
    assert [json.loads(line) for line in lines.text.splitlines()] == whole
    table = list(csv.DictReader(io.StringIO(get(desk, f"{path}?format=csv").text, newline="")))
    assert [row["zh"] for row in table] == [item["names"]["zh"] for item in whole]


def test_a_list_that_is_not_there_is_said_so(desk):
    assert get(desk, "/codelists/nothing").status_code == 404


@pytest.mark.parametrize(
    ("query", "count"),
    [("commission=escwa", 21), ("commission=eclac", 60), ("commission=eclac&associates=false", 46)],
)
def test_countries_are_listed_by_commission(desk, query, count):
    assert get(desk, f"/countries?{query}").json()["total"] == count


def test_a_country_has_its_places_in_commissions_with_their_years(desk):
    found = {item["iso3"]: item for item in get(desk, "/countries?lang=ar").json()["items"]}
    assert found["EGY"]["name"] == found["EGY"]["names"]["ar"]
    assert found["EGY"]["commissions"] == [
        {"commission": "eca", "status": "member", "since": 1958, "until": None},
        {"commission": "escwa", "status": "member", "since": 1977, "until": None},
    ]
    assert get(desk, "/countries?areas=true").json()["total"] > len(found)


def test_figures_show_the_newest_value_of_the_series_that_is_broken_down_least(desk):
    desk.put(series(SEX="F"))
    desk.put(series(SEX="F", AGE="Y0T4"))
    desk.receive("escwa", series(SEX="_T", AGE="Y0T4"))
    found = get(desk, "/countries/EG/indicators?lang=fr").json()
    assert found["area"]["name"] == "Égypte"
    assert (found["series"], found["observations"]) == (3, 9)
    assert found["origins"] == {"eca": 2, "escwa": 1}
    assert [(one["origin"], one["dimensions"].get("AGE"), one["period"], one["value"]) for one in found["newest"]] == [
        ("eca", None, "2015", "34.20"),
        ("escwa", "Y0T4", "2015", "34.20"),
    ]
    assert "un/indicator/mdg-2008.4.1" in found["newest"][0]["indicators"]


def test_figures_count_only_what_the_caller_may_see(desk):
    desk.put(series(audience="local"))
    assert get(desk, "/countries/818/indicators").json()["series"] == 0
    seen = desk.get("/countries/818/indicators", by=Role.READER)
    assert seen.json()["series"] == 1
    assert "private" in seen.headers["cache-control"]
    assert "Authorization" in seen.headers["vary"]


def test_figures_of_no_country_are_not_there(desk):
    assert get(desk, "/countries/XX/indicators").status_code == 404

"""Reading: who sees what, filters, pages, flat observations, CSV."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.indicators import observations, sdmxcsv
from services.indicators.dimensions import CSV_COLUMNS
from services.indicators.observations import Within
from services.indicators.periods import FORMS, fits, span
from services.indicators.schemas import Observing
from services.indicators.tables import Report
from tests.service.indicators.desk import US, Desk, id_of, ndjson, series
from weft.identity import Role

EVERYBODY = [Role.ANONYMOUS, Role.PEER, Role.READER, Role.EDITOR, Role.OPERATOR]
STAFF = [Role.READER, Role.EDITOR, Role.OPERATOR]


@pytest.mark.parametrize(
    ("audience", "by_whom"),
    [("network", EVERYBODY), ("local", STAFF), (["ece"], STAFF)],
    ids=["network", "local", "ece"],
)
@pytest.mark.parametrize("by", EVERYBODY)
def test_an_own_series_is_seen_by_whom_its_audience_allows(
    desk: Desk, audience: Any, by_whom: list[Role], by: Role
) -> None:
    desk.admit("ece")
    desk.put(series(audience=audience))
    seen = by in by_whom
    one = desk.get(f"/series/{US}/{id_of(series())}", by=by)
    assert one.status_code == (200 if seen else 404)
    assert ("audience" in one.json()) == (by in (Role.EDITOR, Role.OPERATOR))
    assert desk.get(by=by).json()["total"] == len(desk.get(by=by).json()["items"]) == seen
    assert desk.get("/observations", by=by).json()["total"] == (3 if seen else 0)
    assert desk.get("/observations?start_period=2015", by=by).json()["total"] == (2 if seen else 0)
    assert len(desk.csv(by=by)) == (3 if seen else 0)


@pytest.mark.parametrize("public", [True, False])
def test_a_received_series_is_public_only_if_the_whole_network_has_it(desk: Desk, public: bool) -> None:
    desk.receive("escwa", series(), public=public)
    assert desk.get(by=Role.ANONYMOUS).json()["total"] == public
    assert desk.get(by=Role.READER).json()["total"] == 1
    assert "audience" not in desk.get(by=Role.OPERATOR).json()["items"][0]


def test_a_reader_who_has_the_version_gets_no_body(desk: Desk) -> None:
    etag = desk.put(series()).headers["etag"]
    again = desk.get(f"/series/{US}/{id_of(series())}", headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


def test_lists_leave_observations_out_and_say_how_many_there_are(desk: Desk) -> None:
    desk.put(series())
    [item] = desk.get().json()["items"]
    assert "observations" not in item
    assert (item["count"], item["first_period"], item["last_period"]) == (3, "2010", "2016")


QUERIES = [
    ("series=SH_STA_MMR", {"b"}),
    ("series=SH_STA_MMR&series=SH_DYN_MORT", {"a", "b", "c"}),
    ("ref_area=EG", {"a", "b"}),
    ("ref_area=818&ref_area=fra", {"a", "b", "c", "d"}),
    ("sex=M", {"c"}),
    ("age=Y0T4", {"d"}),
    ("sex=F&ref_area=818", {"a", "b"}),
    ("commission=eca", {"a", "b"}),
    ("commission=escwa", {"a", "b"}),
    ("commission=ece", {"c", "d"}),
    ("origin=escwa", set()),
    ("disability_status=PD", set()),
    ("freq=A", {"a", "b", "c", "d"}),
]


@pytest.mark.parametrize(("query", "names"), QUERIES)
def test_series_and_observations_are_found_by_any_dimension(desk: Desk, query: str, names: set[str]) -> None:
    made = {
        "a": series(),
        "b": series(SERIES="SH_STA_MMR"),
        "c": series(SEX="M", REF_AREA="250"),
        "d": series(SERIES="SN", AGE="Y0T4", REF_AREA="250"),
    }
    assert desk.load(ndjson(made.values())).json()["created"] == 4
    keys = {f"{US}/series/{id_of(made[name])}" for name in names}
    assert {item["key"] for item in desk.get(f"/series?{query}").json()["items"]} == keys
    flat = desk.get(f"/observations?{query}").json()
    assert {item["key"] for item in flat["items"]} == {row["RECORD"] for row in desk.csv(f"&{query}")} == keys
    assert flat["total"] == len(flat["items"]) == 3 * len(names)


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/series?ref_area=Atlantis", "ref_area"),
        ("/series?colour=red", "colour"),
        ("/series?limit=201", "limit"),
        ("/series?limit=0", "limit"),
        ("/series?sex=%00", "sex"),
        ("/series?commission=who", "commission"),
        ("/series?after=bm9uc2Vuc2U", "after"),
        ("/series?after=%F0%9F%98%80", "after"),
        ("/series?origin=../x", "origin"),
        ("/observations?limit=10001", "limit"),
        ("/observations?start_period=99999", "start_period"),
        ("/observations?end_period=2015-13", "end_period"),
        ("/observations?format=xml", "format"),
        ("/observations?format=csv&limit=10", "limit"),
    ],
)
def test_a_query_that_says_nothing_valid_is_refused_by_its_name(desk: Desk, path: str, field: str) -> None:
    answer = desk.get(path)
    assert answer.status_code == 422
    assert field in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/series/ECA/x", "/series/eca/%00", "/series/eca/" + "x" * 129, "/series/local/x"])
def test_an_address_that_names_nothing_is_refused(desk: Desk, path: str) -> None:
    assert desk.get(path).status_code in (400, 404)


@pytest.mark.parametrize("format_", ["xlsx", "parquet"])
def test_a_format_that_is_not_written_yet_is_said_to_be_so(desk: Desk, format_: str) -> None:
    answer = desk.get(f"/observations?format={format_}")
    assert (answer.status_code, answer.json()["code"]) == (501, "format-not-offered")


def test_paging_meets_every_series_and_every_observation_once_in_the_order_of_keys(desk: Desk) -> None:
    made = [series(REF_AREA=area, SEX=sex) for area in ("818", "12", "250") for sex in "FM"]
    desk.load(ndjson(made))
    desk.receive("escwa", series())
    keys = [item["key"] for item in desk.pages("/series?limit=2")]
    assert keys == [*sorted(f"{US}/series/{id_of(one)}" for one in made), "escwa/series/sh_dyn_mort.818.f"]
    for limit in (1, 2, 4, 100):
        cells = [(item["key"], item["TIME_PERIOD"]) for item in desk.pages(f"/observations?limit={limit}")]
        assert cells == [(key, period) for key in keys for period in ("2010", "2015", "2016")]


def test_a_page_also_ends_at_a_size(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observations, "PAGE_BYTES", 300)
    desk.put(series())
    first = desk.get("/observations").json()
    assert len(first["items"]) < first["total"] == 3
    assert [item["TIME_PERIOD"] for item in desk.pages("/observations")] == ["2010", "2015", "2016"]


def test_the_same_cell_of_two_nodes_is_given_twice_with_provenance(desk: Desk) -> None:
    version = desk.put(series()).json()["version"]
    theirs = desk.receive("escwa", series(observations={"TIME_PERIOD": ["2015"], "OBS_VALUE": ["33.9"]}))
    asked = "start_period=2015&end_period=2015"
    ours, other = desk.get(f"/observations?{asked}").json()["items"]
    assert ours == {
        "origin": "eca",
        "key": "eca/series/sh_dyn_mort.818.f",
        "version": version,
        "updated_at": desk.get(f"/series/{US}/sh_dyn_mort.818.f").json()["updated_at"],
        **desk.get(f"/series/{US}/sh_dyn_mort.818.f").json()["dimensions"],
        "TIME_PERIOD": "2015",
        "OBS_VALUE": "34.20",
        "UNIT_MULT": "0",
        "UNIT_MEASURE": "PER_1000_LIVE_BIRTHS",
    }
    assert (other["origin"], other["key"], other["OBS_VALUE"]) == ("escwa", theirs, "33.9")
    rows = desk.csv(f"&{asked}")
    assert [(row["ORIGIN"], row["RECORD"], row["VERSION"], row["OBS_VALUE"]) for row in rows] == [
        ("eca", ours["key"], version, "34.20"),
        ("escwa", theirs, other["version"], "33.9"),
    ]


def test_a_csv_file_has_the_uns_columns_first_and_is_named(desk: Desk) -> None:
    answer = desk.get("/observations?format=csv")
    assert answer.text == ",".join([*CSV_COLUMNS, "ORIGIN", "RECORD", "VERSION"]) + "\r\n"
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="eca-observations.csv"'


def test_a_csv_file_reads_back_to_equal_series_and_importing_it_changes_nothing(desk: Desk) -> None:
    wild = {"TIME_PERIOD": ["2010"], "OBS_VALUE": ["-5"], "COMMENT_OBS": ['=HYPERLINK("x"), "quoted"\nline']}
    made = [series(title=None), series(SEX="M", title=None, observations=wild, attributes={"COMMENT_TS": "@SUM"})]
    desk.load(ndjson(made))
    file = desk.get("/observations?format=csv").content
    again = list(sdmxcsv.read(io.BytesIO(file), Report()))
    for one in again:
        stored = desk.get(f"/series/{US}/{id_of(one)}").json()
        assert one == {name: stored[name] for name in ("dimensions", "attributes", "title", "observations")}
    assert len(again) == 2
    assert b"'=HYPERLINK" in file
    assert b",'@SUM," in file
    desk.load(file, "?audience=network", type_="text/csv")
    assert desk.load(file, "?audience=network", type_="text/csv").json()["unchanged"] == 2


def test_a_csv_file_is_put_together_from_parts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [series(REF_AREA=area, SEX=sex) for area in ("818", "12", "250") for sex in "FM"]
    desk.load(ndjson(made))
    whole = desk.get("/observations?format=csv").content
    monkeypatch.setattr(observations, "SERIES_AT_ONCE", 1)
    assert desk.get("/observations?format=csv").content == whole
    monkeypatch.setattr(observations, "SERIES_AT_ONCE", 4)
    monkeypatch.setattr(observations, "PART_BYTES", 1)
    assert desk.get("/observations?format=csv").content == whole
    assert whole.count(b"\r\n") == 1 + 3 * 6


def test_periods_of_other_frequencies_are_chosen_by_their_days(desk: Desk) -> None:
    months = {"TIME_PERIOD": ["2014-12", "2015-01", "2015-12", "2016-01"], "OBS_VALUE": ["1", "2", "3", "4"]}
    desk.put(series(FREQ="M", observations=months))
    asked = "start_period=2015&end_period=2015-Q4"
    page = desk.get(f"/observations?{asked}&limit=1").json()
    assert (page["total"], page["items"][0]["TIME_PERIOD"]) == (2, "2015-01")
    assert [row["TIME_PERIOD"] for row in desk.csv(f"&{asked}")] == ["2015-01", "2015-12"]


years = st.integers(1900, 2030)
any_period = st.one_of(
    years.map(str),
    st.builds("{}-S{}".format, years, st.integers(1, 2)),
    st.builds("{}-Q{}".format, years, st.integers(1, 4)),
    st.builds("{}-{:02}".format, years, st.integers(1, 12)),
    st.builds("{}-W{:02}".format, years, st.integers(1, 52)),
    st.dates().filter(lambda day: day.year >= 1000).map(str).filter(lambda day: day < "3000"),
)


@given(any_period, any_period, any_period)
def test_a_period_within_bounds_is_never_lost_to_the_coarse_filter_by_years(low: str, high: str, period: str) -> None:
    within = Within.of(Observing(start_period=low, end_period=high))
    if within.chosen([period]):
        coarse = [str(clause.right.value) for clause in within.filters()]  # type: ignore[attr-defined]
        assert period >= coarse[0]
        assert period < coarse[1]
        assert span(low)[0] <= span(period)[0] <= span(period)[1] <= span(high)[1]
    assert any(fits(period, frequency) for frequency in FORMS)

"""Importing many series: reports, all or nothing, dry runs, portions, the real tables."""

import gzip
import os
from pathlib import Path

import pytest
from sqlalchemy import event

from services.indicators import bulk, sources, staging
from tests.service.indicators.desk import US, Desk, id_of, ndjson, series
from weft.journal import seal
from weft.records import portions

DEMO = Path(__file__).parents[3] / "demo"
DATA = os.environ.get("WEFT_TEST_DATA")
CSV = "text/csv"
TABLE = """SeriesCode,GeoAreaCode,TimePeriod,Value,Nature,Units,Age,Sex
SH_DYN_MORT,818,2015,24.2,E,PER_1000_LIVE_BIRTHS,<5Y,BOTHSEX
SH_DYN_MORT,818,2016,23.4,E,PER_1000_LIVE_BIRTHS,<5Y,BOTHSEX
SH_DYN_MORT,250,2015,4.3,E,PER_1000_LIVE_BIRTHS,<5Y,BOTHSEX
SH_STA_MMR,818,2015,39,E,PER_100000_LIVE_BIRTHS,,FEMALE
"""


@pytest.mark.parametrize("node", ["eca", "ece", "eclac", "escap", "escwa"])
def test_the_demonstrations_observations_come_in_and_again_change_nothing(desk: Desk, node: str) -> None:
    file = (DEMO / node / "observations.csv.gz").read_bytes()
    first = desk.load(file, "?audience=network", type_=CSV).json()
    assert (first["refused"], first["unmapped"], first["lines"]) == (0, [], [])
    assert first["created"] == desk.get("/series?limit=1").json()["total"] > 1_500
    assert first["rows_read"] == desk.get("/observations?limit=1").json()["total"]
    journalled = desk.journalled()
    again = desk.load(file, "?audience=network", type_=CSV).json()
    assert (again["created"], again["revised"], again["unchanged"]) == (0, 0, first["created"])
    assert desk.journalled() == journalled


def test_a_report_says_what_became_of_each_line_of_json(desk: Desk) -> None:
    desk.put(series())
    desk.put(series(SEX="M"))
    lines = [series(), series(SEX="M", title={"en": "Changed"}), series(SEX="_T"), series(SEX="?"), series(SEX="_T")]
    report = desk.load(ndjson(lines), "?keep_going=true").json()
    assert [(line["line"], line["outcome"]) for line in report["lines"]] == [
        (1, "unchanged"), (2, "revised"), (3, "created"), (4, "refused"), (5, "refused")
    ]  # fmt: skip
    assert "not a code" in report["lines"][3]["detail"]
    assert "line 3 already" in report["lines"][4]["detail"]
    assert (report["created"], report["revised"], report["unchanged"], report["refused"]) == (1, 1, 1, 2)


def test_a_dry_run_says_the_same_and_writes_nothing(desk: Desk) -> None:
    desk.put(series())
    lines = ndjson([series(), series(SEX="M"), series(SEX="?")])
    dry = desk.load(lines, "?dry_run=true&keep_going=true")
    assert (desk.get().json()["total"], desk.journalled(), desk.node.ring.rung) == (1, 1, 1)
    real = desk.load(lines, "?keep_going=true")
    assert dry.json() | {"dry_run": False} == real.json()


def test_one_line_that_cannot_be_taken_refuses_all(desk: Desk) -> None:
    answer = desk.load(ndjson([series(), {"audience": "network"}]))
    assert (answer.status_code, answer.json()["code"]) == (422, "import-refused")
    assert answer.json()["lines"][0]["line"] == 2
    assert "dimensions: is missing" in answer.json()["lines"][0]["detail"]
    assert (desk.journalled(), desk.get().json()["total"]) == (0, 0)


def test_a_line_that_was_deleted_or_is_for_nobody_approved_is_refused(desk: Desk) -> None:
    desk.put(series())
    desk.request("DELETE", f"/series/{US}/{id_of(series())}", headers={"If-Match": "*"})
    report = desk.load(ndjson([series(), series(SEX="M", audience=["who"]), series(SEX="_T")]), "?keep_going=true")
    assert {line["line"]: line["code"] for line in report.json()["lines"]} == {1: "deleted", 2: "invalid", 3: None}
    assert report.json()["created"] == 1


def test_an_import_is_written_in_portions_and_each_can_be_sealed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "RECORDS", 2)
    report = desk.load(ndjson(series(AGE=f"Y{at}") for at in range(5))).json()
    assert (report["created"], desk.node.ring.rung) == (5, 3)
    with desk.node.database.writing() as session:
        [commit] = seal.seal(session, desk.node.incarnation)
    assert len(commit.header.changes) == 5


def test_an_import_that_is_interrupted_goes_on_when_it_is_sent_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not desk.node.database.sqlite:
        pytest.skip("only SQLite can be given a disk that is full")
    monkeypatch.setattr(portions, "RECORDS", 2)
    lines = ndjson(series(AGE=f"Y{at}", title={"en": "long " * 300}) for at in range(60))
    limit: list[int] = []

    def full(connection: object) -> None:
        """A disk that has room for a little more."""
        pages = connection.exec_driver_sql("pragma page_count").scalar_one()  # type: ignore[attr-defined]
        limit[:] = limit or [pages + 20]
        connection.exec_driver_sql(f"pragma max_page_count={limit[0]}")  # type: ignore[attr-defined]

    event.listen(desk.node.database.engine, "begin", full)
    stopped = desk.load(lines)
    limit[:] = [1_000_000]
    assert (stopped.status_code, stopped.json()["code"]) == (503, "import-interrupted")
    assert 0 < stopped.json()["created"] == desk.get().json()["total"] < 60
    rest = desk.load(lines).json()
    assert (rest["unchanged"], rest["created"]) == (stopped.json()["created"], 60 - stopped.json()["created"])


def test_a_table_of_the_unsd_comes_in_as_series_of_the_areas_that_are_asked_for(desk: Desk) -> None:
    dry = desk.load_unsd(TABLE.encode(), "audience=local&areas=eca&dry_run=true").json()
    assert desk.journalled() == 0
    report = desk.load_unsd(gzip.compress(TABLE.encode()), "audience=local&areas=eca&source=UNSD").json()
    assert report | {"dry_run": True} == dry
    assert (report["created"], report["rows_read"], report["rows_filtered"]) == (2, 4, 1)
    item = desk.get(f"/series/{US}/sh_dyn_mort.818.y0t4").json()
    assert item["observations"]["OBS_VALUE"] == ["24.2", "23.4"]
    assert item["title"] == {"en": "Under-five mortality rate, by sex (deaths per 1,000 live births)"}
    assert (item["audience"], item["attributes"]["SOURCE_DETAIL"]) == ("local", "UNSD")
    by_code = desk.load_unsd(TABLE.encode(), "audience=local&areas=FRA&areas=818&series=SH_DYN_MORT").json()
    assert (by_code["created"], by_code["revised"]) == (1, 1)  # France is new; without its source Egypt is revised


def test_codes_that_have_no_counterpart_are_carried_over_and_reported(desk: Desk) -> None:
    report = desk.load_unsd(TABLE.replace("FEMALE", "WOMEN").encode()).json()
    assert report["unmapped"] == [{"column": "Sex", "code": "WOMEN", "rows": 1}]
    assert desk.get("/series?sex=UNSD-WOMEN").json()["total"] == 1


def test_rows_of_a_table_that_cannot_be_taken_are_named_with_a_remedy(desk: Desk) -> None:
    bad = TABLE.replace("4.3", "1e999").encode()
    refused = desk.load_unsd(bad)
    assert refused.status_code == 422
    assert [(line["line"], line["outcome"]) for line in refused.json()["lines"]] == [(4, "refused")]
    assert desk.journalled() == 0
    assert desk.load_unsd(bad, "audience=network&keep_going=true").json()["created"] == 2


def test_only_a_thousand_refused_lines_are_told_and_all_are_counted(desk: Desk) -> None:
    answer = desk.load(b"{}\n" * 1_500)
    assert (answer.json()["refused"], len(answer.json()["lines"])) == (1_500, 1_000)


@pytest.mark.parametrize(
    ("query", "type_", "status", "said"),
    [
        ("", CSV, 422, "audience"),
        ("?audience=local&audience=network", CSV, 422, "audience"),
        ("?audience=nobody", CSV, 422, "approved peers"),
        ("?audience=network", "application/x-ndjson", 422, "audience"),
        ("", "application/json", 415, "application/json"),
        ("?dry_run=perhaps", "application/x-ndjson", 422, "dry_run"),
    ],
)
def test_an_import_says_what_it_is_and_for_whom(desk: Desk, query: str, type_: str, status: int, said: str) -> None:
    answer = desk.load(b"", query, type_=type_)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


@pytest.mark.parametrize("query", ["audience=network&areas=atlantis", "areas=eca", "audience=who", "audience=a%20b"])
def test_a_selection_that_names_nothing_is_refused(desk: Desk, query: str) -> None:
    assert desk.load_unsd(TABLE.encode(), query).status_code == 422


def test_what_is_too_much_is_refused_whole(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "RECORDS", 3)
    lines = ndjson(series(AGE=f"Y{at}") for at in range(4))
    assert desk.load(lines, "?keep_going=true").status_code == 413
    monkeypatch.setattr(bulk, "FILE_BYTES", 500)
    assert desk.load(lines).status_code == 413
    monkeypatch.setattr(bulk, "FILE_BYTES", 100_000)
    monkeypatch.setattr(sources, "LINE_BYTES", 100)
    assert desk.load(lines).status_code == 413
    assert desk.journalled() == 0


@pytest.mark.skipif(DATA is None, reason="WEFT_TEST_DATA names no folder with the UNSD observations")
def test_two_countries_of_the_real_table_come_in_and_a_known_figure_is_read_back(desk: Desk) -> None:
    table = Path(DATA or "") / "unsd-sdg" / "observations.csv.gz"
    kept: list[str] = []
    with gzip.open(table, "rt", encoding="utf-8", newline="") as file:
        kept.append(next(file))
        for row in file:
            if row.split(",", 2)[1] in ("818", "788"):
                kept.append(row)
            if len(kept) > 20_000:
                break
    report = desk.load_unsd("".join(kept).encode(), "audience=network&areas=EG&areas=TUN").json()
    assert (report["rows_read"], report["refused"], report["unmapped"]) == (len(kept) - 1, 0, [])
    assert report["rows_read"] == desk.get("/observations?limit=1").json()["total"]
    figure = desk.csv("&series=SH_STA_MMR&ref_area=EGY&start_period=2015&end_period=2015")
    assert [row["OBS_VALUE"] for row in figure] == ["39"]

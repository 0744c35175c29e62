"""The whole UNSD file and the demo's files: that nothing of real input is lost or collides."""

import csv
import gzip
import os
from collections import Counter
from pathlib import Path

import pytest

from services.indicators import sdmxcsv, unsd
from services.indicators.ids import series_id
from services.indicators.series import SeriesIn
from services.indicators.tables import Report
from weft.areas import COMMISSIONS, members

DEMO = Path(__file__).parents[3] / "demo"
DATA = os.environ.get("WEFT_TEST_DATA")


@pytest.mark.skipif(DATA is None, reason="WEFT_TEST_DATA names no folder with the UNSD observations")
def test_no_row_of_the_unsd_file_is_lost_or_collides_with_another():
    report, ids, observations = Report(), set(), 0
    with (Path(DATA) / "unsd-sdg" / "observations.csv.gz").open("rb") as file:
        for number, one in enumerate(unsd.read(file, report, unsd.Selection())):
            ids.add(series_id(one["dimensions"]))
            observations += len(one["observations"]["TIME_PERIOD"])
            if number % 50 == 0:
                assert SeriesIn.model_validate(one).body() == one
    assert report.rows_read == observations == 1_128_726
    assert report.series_made == len(ids) == 157_291
    assert report.rows_refused == 0
    assert report.unmapped == {}


@pytest.mark.parametrize("commission", COMMISSIONS)
def test_the_demo_has_enough_series_of_each_commission_on_all_subjects_and_of_members_only(commission):
    with (DEMO / "series.csv").open(encoding="utf-8", newline="") as file:
        subjects = {row["code"]: row["subject"] for row in csv.DictReader(file)}
    report = Report()
    with (DEMO / commission / "observations.csv.gz").open("rb") as file:
        made = list(sdmxcsv.read(file, report))
    assert report.refusals == []
    assert 1_500 <= len(made) <= 3_000
    assert {one["dimensions"]["REF_AREA"] for one in made} <= {area.m49 for area in members(commission)}
    counts = Counter(subjects[one["dimensions"]["SERIES"]] for one in made)
    assert set(counts) == {"health", "gender", "education", "poverty", "population", "exclusion"}
    for name, code in (
        ("SEX", "F"),
        ("URBANISATION", "R"),
        ("INCOME_WEALTH_QUANTILE", "Q1"),
        ("DISABILITY_STATUS", "PD"),
    ):
        assert any(one["dimensions"][name] == code for one in made)


@pytest.mark.skipif(DATA is None, reason="WEFT_TEST_DATA names no folder with the UNSD observations")
def test_the_demo_has_the_figures_of_the_database():
    with gzip.open(Path(DATA) / "unsd-sdg" / "observations.csv.gz", "rt", encoding="utf-8", newline="") as file:
        real = {
            (row["SeriesCode"], row["GeoAreaCode"], row["TimePeriod"]): row["Value"]
            for row in csv.DictReader(file)
            if row["SeriesCode"] in ("SH_STA_MMR", "SP_DYN_ADKL")
        }
    compared = 0
    for commission in COMMISSIONS:
        with (DEMO / commission / "observations.csv.gz").open("rb") as file:
            for one in sdmxcsv.read(file, Report()):
                code, area = one["dimensions"]["SERIES"], one["dimensions"]["REF_AREA"]
                if code in ("SH_STA_MMR", "SP_DYN_ADKL"):
                    columns = one["observations"]
                    for period, value in zip(columns["TIME_PERIOD"], columns["OBS_VALUE"], strict=True):
                        assert real[code, area, period] == value
                        compared += 1
    assert compared > 4_000

import gzip
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.indicators.series import SeriesIn
from services.indicators.tables import BadTable, Report
from services.indicators.unsd import Selection, read
from services.indicators.unsd_codes import age, escaped, original, translate, unit

HEADER = "SeriesCode,GeoAreaCode,TimePeriod,Value,Nature,Units,Observation Status,Age,Sex,Cities,Ihr Capacity"


def load(text, encoding="utf-8", **selection):
    report = Report()
    content = text if isinstance(text, bytes) else text.encode(encoding)
    return list(read(io.BytesIO(content), report, Selection(**selection))), report


def table(*lines):
    return "\r\n".join([HEADER, *lines, ""])


ROW = "SH_DYN_MORT,818,2015,34.2,E,PERCENT,,<5Y,FEMALE,,"


@pytest.mark.parametrize(
    "content", [table(ROW).encode(), table(ROW).encode("utf-8-sig"), gzip.compress(table(ROW).encode())]
)
def test_a_plain_a_marked_and_a_compressed_file_are_read_alike(content):
    [one], report = load(content, titles={"SH_DYN_MORT": "Under-five mortality (constant 2017 people)"})
    assert one["dimensions"]["AGE"] == "Y0T4"
    assert one["observations"] == {"TIME_PERIOD": ["2015"], "OBS_VALUE": ["34.2"], "OBS_STATUS": ["A"], "NATURE": ["E"]}
    assert one["attributes"] == {"UNIT_MULT": "0", "UNIT_MEASURE": "PT", "BASE_PER": "2017"}
    assert (report.rows_read, report.series_made, report.rows_refused) == (1, 1, 0)
    assert SeriesIn.model_validate(one).body() == one


def test_rows_of_one_key_make_one_series_in_the_order_of_time_though_they_do_not_stand_together():
    made, _ = load(
        table("S,4,2016,2,,,,,MALE,,", "S,4,2015,9,,,,,FEMALE,,", "S,8,2015,7,,,,,MALE,,", "S,4,2015,1,,,,,MALE,,")
    )
    assert [one["observations"]["OBS_VALUE"] for one in made] == [["1", "2"], ["9"], ["7"]]


def test_a_dimension_that_sdmx_lacks_still_tells_two_series_apart():
    made, report = load(table("S,4,2015,1,,,,,,BAMAKO,", "S,4,2015,2,,,,,,KIGALI,", "S,4,2015,3,,,,,,,IHR01"))
    assert [one["dimensions"]["CUST_BREAKDOWN"] for one in made] == ["CITY_BAMAKO", "CITY_KIGALI", "_T"]
    assert made[0]["attributes"]["CUST_BREAKDOWN_LB"] == "City: BAMAKO"
    assert made[2]["dimensions"]["COMPOSITE_BREAKDOWN"] == "CAP_IHR01"
    assert report.rows_refused == 0


def test_a_bounded_or_missing_value_is_no_number_but_keeps_what_was_written():
    [one], _ = load(table("S,4,2014,<2.5,,,,,,,", "S,4,2015,>95,,,,,,,", "S,4,2016,N,N,,,,,,", "S,4,2017,1e2,,,,,,,"))
    columns = one["observations"]
    assert columns["OBS_VALUE"] == [None, None, None, "100"]
    assert columns["UPPER_BOUND"] == ["2.5", None, None, None]
    assert columns["LOWER_BOUND"] == [None, "95", None, None]
    assert columns["COMMENT_OBS"] == ["<2.5", ">95", "N", None]
    assert columns["OBS_STATUS"] == ["A", "A", "M", "A"]


def test_what_has_no_counterpart_is_counted_and_kept_so_that_it_can_be_read_back():
    [one], report = load(table("S,4,2014,1,ZZ,furlongs,,baby!,,,", "S,4,2015,1,ZZ,furlongs,,baby!,,,"))
    assert report.unmapped == {("Age", "baby!"): 2, ("Units", "furlongs"): 2, ("Nature", "ZZ"): 2}
    assert original(one["dimensions"]["AGE"]) == "baby!"
    assert original(one["attributes"]["UNIT_MEASURE"]) == "furlongs"
    assert [original(code) for code in one["observations"]["NATURE"]] == ["ZZ", "ZZ"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("S,4,2015,abc,,,,,,,", "decimal number"),
        ("S,4,99999,1,,,,,,,", "not a year"),
        ("S,XX,2015,1,,,,,,,", "no area"),
        ("S,4,2015,1", "4 cells where the header has 11"),
        ("S S,4,2015,1,,,,,,,", "SERIES would be"),
        ("S,4,2014,1,,,,,BOTHSEX,,", "a second value"),
        ("S,4,2015,1,,PERCENT,,,,,", "the unit"),
        ("S,4,2015,1,,,,,," + "X" * 80 + ",", "CUST_BREAKDOWN"),
    ],
)
def test_a_wrong_row_is_left_out_with_its_line_and_reason_and_the_others_are_read(row, reason):
    made, report = load(table("S,4,2014,1,,,,,,,", row))
    assert sum(len(one["observations"]["TIME_PERIOD"]) for one in made) == 1
    [refusal] = report.refusals
    assert refusal.line == 3
    assert reason in refusal.reason
    assert refusal.hint


def test_a_series_code_that_comes_back_is_refused_since_its_series_were_closed():
    made, report = load(table("S,4,2014,1,,,,,,,", "T,4,2014,1,,,,,,,", "S,4,2015,1,,,,,,,"))
    assert len(made) == 2
    assert "come before" in report.refusals[0].reason


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "missing"),
        (b"SeriesCode,TimePeriod,Value\nS,2015,1\n", "'GeoAreaCode' is missing"),
        ((HEADER + ",Colour\n").encode(), "'Colour' is unknown"),
        ((HEADER + ",Sex\n").encode(), "'Sex' is there twice"),
        (table("S,4,2015,1,é,,,,,,").encode("latin-1"), "line 2: byte 0xE9"),
        (table(ROW).encode("utf-16"), "UTF-16"),
        (gzip.compress(table(*[ROW] * 5000).encode())[:-20], "damaged or cut off"),
        (table('S,4,2015,"1').encode(), "not CSV"),
        (("SeriesCode," + "x" * 300_000).encode(), "too long"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_line_and_remedy(content, words):
    with pytest.raises(BadTable, match=words) as refusal:
        load(content)
    assert refusal.value.hint


def test_only_the_areas_and_series_asked_for_are_made():
    made, report = load(
        table("S,4,2015,1,,,,,,,", "S,818,2015,2,,,,,,,", "T,4,2015,3,,,,,,,"), areas=["AFG"], codes=["S"]
    )
    assert [one["observations"]["OBS_VALUE"] for one in made] == [["1"]]
    assert report.rows_filtered == 2


def test_a_compressed_line_that_never_ends_takes_no_more_memory_than_a_line_may():
    bomb = gzip.compress(b"x" * 50_000_000)
    tracemalloc.start()
    with pytest.raises(BadTable, match="too long"):
        load(bomb)
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("written", "code"),
    [("<5Y", "Y0T4"), ("LT5Y", "Y0T4"), ("<1Y", "Y0"), ("<1M", "M0"), ("<=45Y", "Y0T45"), ("15-49", "Y15T49"), ("10+", "Y_GE10"),
     ("M36T59", "M36T59"), ("ALLAGE", "_T"), ("<0Y", None), ("49-15", None), ("x", None)],
)  # fmt: skip
def test_ages_are_translated_by_rule(written, code):
    assert age(written) == code


def test_the_usual_codes_are_translated():
    pairs = [
        ("Sex", "FEMALE", "F"),
        ("Sex", "_U", "_U"),
        ("Location", "RURAL", "R"),
        ("Quantile", "Q1", "Q1"),
        ("Education Level", "PRIMAR", "ISCED11_1"),
        ("Type Of Occupation", "isco08-1", "ISCO08_1"),
        ("Migratory Status", "MIGPER", "MS_MIGRANT"),
    ]
    assert [translate(column, value).code for column, value, _ in pairs] == [code for *_, code in pairs]
    assert (unit("CU_USD_M").measure, unit("CU_USD_M").multiplier) == ("USD", "6")


@given(st.text(st.characters(exclude_categories=("Cs",))), st.text(st.characters(exclude_categories=("Cs",))))
def test_carrying_a_value_over_loses_nothing_of_it(one, other):
    assert original(escaped(one)) == one.removeprefix("UNSD-")
    assert (escaped(one) == escaped(other)) == (one == other)

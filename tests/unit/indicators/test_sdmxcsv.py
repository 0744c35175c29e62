import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.indicators import sdmxcsv
from services.indicators.dimensions import CSV_COLUMNS
from services.indicators.ids import series_id
from services.indicators.series import SeriesIn
from services.indicators.tables import BadTable, Report
from tests.unit.indicators import strategies


def written(*series):
    return b"".join(sdmxcsv.write(series))


def load(content, **options):
    report = Report()
    return list(sdmxcsv.read(io.BytesIO(content), report, **options)), report


def one(**dimensions):
    return SeriesIn.model_validate(
        {
            "dimensions": {"FREQ": "A", "REPORTING_TYPE": "G", "SERIES": "S", "REF_AREA": "4", **dimensions},
            "attributes": {"UNIT_MEASURE": "PT"},
            "observations": {
                "TIME_PERIOD": ["2014", "2015"],
                "OBS_VALUE": ["-1.5", None],
                "COMMENT_OBS": [None, "=1+1"],
            },
        }
    ).body()


@settings(max_examples=150)
@given(st.lists(strategies.series, max_size=4, unique_by=lambda s: series_id(s["dimensions"])))
def test_what_is_written_reads_back_the_same(drawn):
    bodies = [SeriesIn.model_validate(series).body() for series in drawn]
    for body in bodies:  # a column of nothing but nulls is the same as none
        full = body["observations"].items()
        body["observations"] = {
            name: column for name, column in full if name == "OBS_VALUE" or any(c is not None for c in column)
        }
    again, report = load(written(*bodies))
    assert report.refusals == []
    assert again == bodies


def test_the_columns_are_those_of_the_un_in_their_order():
    lines = written(one()).decode().split("\r\n")
    assert lines[0] == ",".join(CSV_COLUMNS)
    assert lines[1].startswith("IAEG-SDGs:DF_SDG_GLH(1.24),A,G,S,4,_T,_T,_T,_T,_T,_T,_T,_T,_T,_T,_T,2014,-1.5,,,PT,")


def test_no_cell_runs_as_a_formula_and_negative_numbers_stay_numbers():
    cells = [cell for row in csv.reader(io.StringIO(written(one()).decode())) for cell in row]
    assert "'=1+1" in cells
    assert "-1.5" in cells
    assert not any(cell.startswith(("=", "+", "@", "\t")) for cell in cells)


def test_titles_come_from_a_list_of_series():
    [again], _ = load(written(one()), titles={"S": "A title"})
    assert again["title"] == {"en": "A title"}


def test_periods_out_of_order_are_put_in_order():
    head, first, second, _ = written(one()).split(b"\r\n")
    [again], _ = load(b"\r\n".join([head, second, first]))
    assert again == one()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b",2014,-1.5", b",2014,NaN", "decimal number"),
        (b",2014,", b",2015,", "must rise"),
        (b",PT,", b",PT!,", "UNIT_MEASURE changes within the series at line 3"),
        (b"A,G,S,4,", b"A,G,S,XX,", "REF_AREA"),
        (b",2014,-1.5", b",2014,-1.5,7", "35 cells"),
    ],
)
def test_a_wrong_series_is_refused_with_its_lines_and_the_others_are_read(old, new, words):
    head, first, second, _ = written(one()).split(b"\r\n")
    changed = first.replace(old, new, 1)
    assert changed != first
    good = written(one(SEX="F")).split(b"\r\n", 1)[1]
    made, report = load(b"\r\n".join([head, changed, second, good]))
    assert made[-1] == one(SEX="F")
    assert report.refusals[0].line == 2
    assert words in report.refusals[0].reason


def test_a_series_whose_rows_come_back_is_refused_the_second_time_however_its_area_is_written():
    head, *_ = written(one()).split(b"\r\n")
    rows = [written(one()).split(b"\r\n")[1], written(one(SEX="F")).split(b"\r\n")[1], written(one()).split(b"\r\n")[2]]
    made, report = load(
        b"\r\n".join([head, *rows]).replace(
            b"S,4,_T,_T,_T,_T,_T,_T,_T,_T,_T,_T,_T,2015", b"S,AFG" + b",_T" * 11 + b",2015"
        )
    )
    assert len(made) == 2
    assert "come before" in report.refusals[0].reason


def test_a_file_without_the_needed_columns_is_refused():
    with pytest.raises(BadTable, match="'OBS_VALUE' is missing"):
        load(b"FREQ,REPORTING_TYPE,SERIES,REF_AREA,TIME_PERIOD\r\n")

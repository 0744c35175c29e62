"""Input that means harm, or is merely broken: a problem document that names the field, and nothing written."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.indicators.schemas import SeriesDraft
from tests.service.indicators.desk import Desk, ndjson, series
from tests.unit.indicators import strategies
from weft.identity import Role
from weft.problems import Problem

TABLE = "SeriesCode,GeoAreaCode,TimePeriod,Value\nSH_STA_MMR,818,2015,39\n"


def observed(*values: Any, **columns: Any) -> dict[str, Any]:
    years = [str(2000 + at) for at in range(len(values))]
    return series(observations={"TIME_PERIOD": years, "OBS_VALUE": list(values), **columns})


@pytest.mark.parametrize(
    ("one", "field"),
    [
        (observed("NaN"), "observations.OBS_VALUE.0"),
        (observed("1e999"), "observations.OBS_VALUE.0"),
        (observed("Infinity"), "observations.OBS_VALUE.0"),
        (observed("=1+1"), "observations.OBS_VALUE.0"),
        (observed(1.5), "observations.OBS_VALUE.0"),
        (observed("1" * 50), "observations.OBS_VALUE.0"),
        (observed("1", COMMENT_OBS=["nul\0"]), "observations.COMMENT_OBS.0"),
        (observed("1", COMMENT_OBS=["\u202eabc"]), "observations.COMMENT_OBS.0"),
        (observed("1", COLOUR=["red"]), "observations.COLOUR"),
        (observed("1", NATURE=[]), "observations"),
        (series(observations={"TIME_PERIOD": ["99999"], "OBS_VALUE": ["1"]}), "series"),
        (series(observations={"TIME_PERIOD": [], "OBS_VALUE": []}), "observations.TIME_PERIOD"),
        (series(observations={"TIME_PERIOD": ["2015", "2014"], "OBS_VALUE": ["1", "2"]}), "observations"),
        (series(observations=None), "observations"),
        (series(SEX="F;drop table"), "dimensions.SEX"),
        (series(REF_AREA="ATL"), "dimensions"),
        (series(FREQ="H"), "dimensions"),
        (series(attributes={"COLOUR": "red"}), "attributes"),
        (series(title={"xx": "?"}), "title"),
        (series(audience="everybody"), "audience"),
        (series(audience=None), "audience"),
        (series(audience=["../x"]), "audience"),
        (series(version="1"), "version"),
    ],
)
def test_what_is_wrong_is_refused_by_the_name_of_its_field(desk: Desk, one: dict[str, Any], field: str) -> None:
    answer = desk.put(one, id_="hostile")
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["fields"][0]["field"] == field
    assert answer.json()["fields"][0]["why"]
    assert desk.load(ndjson([one])).status_code == 422
    assert desk.journalled() == 0


def doubled(name: str, value: Any) -> bytes:
    """A series that says something twice, so that two readers may believe two things."""
    return json.dumps(series()).encode()[:-1] + b"," + json.dumps({name: value}).encode()[1:]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff\xfe{\x00}\x00",
        b'{"audience": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"audience":"network","title":{"en":"\xe9"}}',
        b'{"audience":"network","title":{"en":"\\ud800"}}',
        b'{"audience":"network"',
        doubled("audience", "local"),
        doubled("attributes", {}),
    ],
)
def test_bytes_that_no_series_has_are_refused(desk: Desk, data: bytes) -> None:
    answer = desk.send(data)
    assert answer.status_code in (400, 422)
    assert answer.json()["code"] in ("malformed", "invalid")
    assert desk.load(data + b"\n", "?keep_going=true").status_code == 200
    assert desk.journalled() == 0


def test_a_body_over_a_mebibyte_is_refused_and_so_is_a_line_of_ten(desk: Desk) -> None:
    assert desk.send(b" " * (1024 * 1024 + 1)).status_code == 413
    line = b'{"title":"' + b"x" * (10 * 1024 * 1024) + b'"}\n'
    assert desk.load(line).status_code == 413
    answer = desk.load_unsd(TABLE.encode() + line)
    assert (answer.status_code, answer.json()["code"], answer.json()["line"]) == (422, "unreadable-table", 3)


def test_a_series_that_no_commit_could_carry_is_refused(desk: Desk) -> None:
    answer = desk.put(observed(*["1"] * 300, COMMENT_OBS=["x" * 2000] * 300))
    assert (answer.status_code, "512 KiB" in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "missing"),
        (b"SeriesCode,GeoAreaCode,TimePeriod\n", "'Value' is missing"),
        (TABLE.replace("Value", "Value,Value").encode(), "there twice"),
        (TABLE.replace("Value", "Value,Colour").encode(), "'Colour' is unknown"),
        (TABLE.encode("utf-16"), "UTF-16"),
        (TABLE.encode() + "é".encode("latin-1") + b"\n", "not UTF-8"),
        (b"\x1f\x8b" + b"broken", "cannot be read on"),
        (TABLE.encode() + b'"open', "not CSV"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_a_remedy(desk: Desk, content: bytes, said: str) -> None:
    for query in ("audience=network", "audience=network&keep_going=true"):
        answer = desk.load_unsd(content, query)
        assert (answer.status_code, answer.json()["code"]) == (422, "unreadable-table")
        assert said in answer.json()["detail"]
        assert answer.json()["remedy"]
    assert desk.load(content, "?audience=network", type_="text/csv").status_code == 422
    assert desk.journalled() == 0


@pytest.mark.parametrize(
    "row",
    [
        "SH_STA_MMR,818,99999,1",
        "SH_STA_MMR,818,2016,NaN?",
        "SH_STA_MMR,000,2016,1",
        "SH,818,2016,=1+1",
        "a,b",
        "\0,818,2016,1",
    ],
)
def test_a_row_that_means_nothing_is_refused_alone(desk: Desk, row: str) -> None:
    report = desk.load_unsd(f"{TABLE}{row}\n".encode(), "audience=network&keep_going=true").json()
    assert (report["created"], report["refused"]) == (1, 1)
    assert (report["lines"][0]["line"], report["lines"][0]["id"]) == (3, None)


def test_no_cell_of_a_csv_file_is_run_by_a_spreadsheet(desk: Desk) -> None:
    one = observed("-5", COMMENT_OBS=['=HYPERLINK("http://example.org")'])
    one["attributes"] = {"COMMENT_TS": "+1+cmd()", "SOURCE_DETAIL": "@SUM(A1)"}
    assert desk.put(one).status_code == 201
    [row] = desk.csv()
    assert row["OBS_VALUE"] == "-5"
    assert not [cell for name, cell in row.items() if name != "OBS_VALUE" and cell.startswith(("=", "+", "-", "@"))]


def test_markup_and_reserved_words_come_back_as_they_were(desk: Desk) -> None:
    title = {"en": "<script>alert('x')</script> \"; drop table series; -- %00", "ar": "معدل"}
    made = desk.put(series(title=title))
    assert made.json()["title"] == title
    assert desk.get(by=Role.ANONYMOUS).json()["items"][0]["title"] == title


@given(strategies.series)
@settings(max_examples=60, deadline=None)
def test_any_valid_series_goes_round_to_the_same_bytes(one: dict[str, Any]) -> None:
    draft = SeriesDraft.parse(json.dumps({**one, "audience": "network"}).encode())
    members = draft.content().members
    again = SeriesDraft.parse(b'{"audience":"local",' + members + b"}")
    assert again.content().members == members


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_bytes_break_the_reading_of_a_series(data: bytes) -> None:
    with pytest.raises(Problem):
        SeriesDraft.parse(data)


@given(st.text(max_size=300))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_table_breaks_an_import(desk: Desk, text: str) -> None:
    content = (TABLE + text).encode("utf-8", "surrogatepass")
    assert desk.load_unsd(content, "audience=network&dry_run=true").status_code in (200, 422)
    assert desk.journalled() == 0

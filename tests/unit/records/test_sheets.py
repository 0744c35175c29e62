"""Records as rows of CSV: nothing is lost on the way there and back, and no cell is a formula."""

import csv
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from weft.problems import Problem
from weft.records.audiences import Audience
from weft.records.sheets import Sheet, guarded, row, unguarded
from weft.records.texts import flaw
from weft.records.words import Name, Year


class Fact(BaseModel):
    statement: str


class Record(BaseModel):
    id: str
    title: str | None = None
    names: tuple[Name, ...] = ()
    facts: tuple[Fact, ...] = ()
    year: Year | None = None
    audience: Audience


COLUMNS = list(Record.model_fields)
text = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")).filter(lambda t: not flaw(t))
records = st.fixed_dictionaries(
    {"id": st.just("x"), "audience": st.sampled_from(["local", "network", ["eca"], ["eca", "ece"]])},
    optional={
        "title": text,
        "names": st.lists(text.filter(bool), min_size=1, max_size=3),
        "facts": st.lists(st.fixed_dictionaries({"statement": text}), min_size=1, max_size=2),
        "year": st.integers(1900, 2200),
    },
)


def read(data: bytes, columns: list[str] = COLUMNS) -> dict[str, Any]:
    return Sheet(row(columns), Record).read(data)


@given(records)
def test_a_record_comes_back_as_it_was(record: dict[str, Any]) -> None:
    assert read(row(record.get(name) for name in COLUMNS)) == record


@given(text)
def test_no_cell_begins_as_a_formula_and_each_is_read_as_it_was(cell: str) -> None:
    written = guarded(cell)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\n", "\r", "＝", "＋", "－", "＠"))
    assert unguarded(written) == cell


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        (None, ""),
        ("", "'"),
        ("=HYPERLINK(0)", "'=HYPERLINK(0)"),
        ("-1", "'-1"),
        ("@x", "'@x"),
        ("'tis", "'tis"),
        ("'", "''"),
        ("'=1", "''=1"),
        ("a=1", "a=1"),
    ],
)
def test_what_is_written_for_a_cell(cell: str | None, written: str) -> None:
    assert (guarded(cell), unguarded(written)) == (written, cell)


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_table_is_read_however_its_cells_are_parted_and_with_a_mark_before_it(between: str) -> None:
    sheet = Sheet(("\ufeff" + between.join(["id", "title", "names"]) + "\r\n").encode(), Record)
    assert sheet.read(f'x{between}"a ""b"""{between}one|two\r\n'.encode()) == {
        "id": "x",
        "title": 'a "b"',
        "names": ["one", "two"],
    }


def test_names_with_the_sign_between_them_stand_as_json() -> None:
    written = row([["a|b", "c"]])
    assert next(csv.reader(io.StringIO(written.decode()))) == ['["a|b","c"]']


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (b"title,names", "id"),
        (b"id,title,title", "twice"),
        (b'id,"title', "CSV"),
        (b"id,\xff", "UTF-8"),
        (b"", "id"),
    ],
)
def test_a_first_row_that_names_no_columns_is_refused(header: bytes, said: str) -> None:
    with pytest.raises(Problem, match=said):
        Sheet(header, Record)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (b"x,a,b,c,d,e,f", "7 cells for 6"),
        (b'x,"a"b', "CSV"),
        (b"x,a\x00", "U\\+0000"),
        (b"x,\xff", "UTF-8"),
        (b"x,,,{", "facts"),
        (b"x,,[1", "names"),
        (b'x,,,"' + b"[" * 100_000 + b'"', "facts"),
        (b"x,,,NaN", "facts"),
        (b'x,,,,"1e999"', "year"),
    ],
)
def test_a_row_that_says_no_record_is_refused(cells: bytes, said: str) -> None:
    with pytest.raises(Problem, match=said):
        read(cells)


@given(st.binary(max_size=60))
def test_no_bytes_break_the_reading_of_a_row(data: bytes) -> None:
    try:
        found = read(data)
    except Problem:
        return
    assert set(found) <= set(COLUMNS)

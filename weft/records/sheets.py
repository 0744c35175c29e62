"""Records as rows of CSV, and back, without loss: a column a field, lists joined by `|`, what has fields itself as JSON.

No cell begins as a formula would: spreadsheets run what begins with `=` (OWASP, CSV injection), so such a cell gets an
apostrophe before it, which is taken off when it is read.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel

from weft.problems import Invalid, Malformed
from weft.records import wire
from weft.records.lines import LINE_BYTES

csv.field_size_limit(LINE_BYTES)  # the process has one such limit: nothing longer than a line gets here

BETWEEN = "|"
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_READ_AGAIN = ("'", *_FORMULA)

Cells = Mapping[str, Callable[[str], object]]
"""How the cells of a column are read."""


class Sheet:
    """The rows of one import, after the first has named the columns."""

    def __init__(self, header: bytes, model: type[BaseModel]) -> None:
        """
        Raises:
            Malformed: it is not the first row of a table.
            Invalid: it has no ids, or a column twice.
        """
        text = _text(header).removeprefix("\ufeff")
        self._between = max(",;\t", key=text.count)
        self._columns = [name.strip() for name in self._row(text)]
        self._cells = cells(model)
        if "id" not in self._columns:
            raise Invalid("id: the first row names the columns, and one of them has to be 'id'")
        if len(set(self._columns)) < len(self._columns):
            raise Invalid(f"a column is there twice: {', '.join(sorted(self._columns))}"[:500])

    def read(self, row: bytes) -> wire.Object:
        """The record in a row; an empty cell leaves its field out.

        Raises:
            Malformed, Invalid: it is none.
        """
        found = self._row(_text(row))
        if len(found) > len(self._columns):
            raise Malformed(f"this row has {len(found)} cells for {len(self._columns)} columns")
        tree: wire.Object = {}
        for name, cell in zip(self._columns, map(unguarded, found), strict=False):
            if cell is not None:
                try:
                    tree[name] = self._cells.get(name, str)(cell)
                except Malformed as problem:
                    raise Invalid(f"{name}: {problem}") from None
        return wire.checked(tree)

    def _row(self, text: str) -> list[str]:
        try:
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=self._between, strict=True), [])
        except csv.Error as error:
            raise Malformed(f"this is not a row of CSV: {error}") from None


def row(values: Iterable[object]) -> bytes:
    """A row of these values, which are parts of JSON."""
    held = io.StringIO(newline="")
    csv.writer(held, lineterminator="\r\n").writerow([guarded(_cell(value)) for value in values])
    return held.getvalue().encode()


def guarded(cell: str | None) -> str:
    """What is written for a cell; nothing where there is none."""
    if cell is None:
        return ""
    if not cell or cell.startswith(_FORMULA) or (cell[0] == "'" and cell[1:2] in ("", *_READ_AGAIN)):
        return f"'{cell}"
    return cell


def unguarded(written: str) -> str | None:
    """The cell for which this was written."""
    if not written:
        return None
    if written[0] == "'" and written[1:2] in ("", *_READ_AGAIN):
        return written[1:]
    return written


@cache
def cells(model: type[BaseModel]) -> Cells:
    """How each field of a model stands in its cell."""
    described = model.model_json_schema()
    return {name: _reader(field, described.get("$defs", {})) for name, field in described.get("properties", {}).items()}


def _reader(field: Mapping[str, Any], named: Mapping[str, Any]) -> Callable[[str], object]:
    options = [named[option["$ref"].rpartition("/")[2]] if "$ref" in option else option for option in _options(field)]
    words = [word for option in options if option.get("type") == "string" for word in option.get("enum", ())]
    lists = [option for option in options if option.get("type") == "array"]
    if lists and all(option.get("items", {}).get("type") == "string" for option in lists):
        return lambda cell: cell if cell in words else several(cell)
    return str if any(option.get("type") == "string" for option in options) else wire.value


def _options(field: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = field.get("anyOf", [field])
    return found


def several(cell: str) -> object:
    """The items in a cell."""
    return wire.value(cell) if cell.startswith("[") else cell.split(BETWEEN)


def _cell(value: object) -> str | None:
    match value:
        case None | []:
            return None
        case str():
            return value
        case list() if all(isinstance(item, str) for item in value):
            plain = not any(BETWEEN in item for item in value) and not value[0].startswith("[")
            return BETWEEN.join(value) if plain and any(value) else _json(value)
        case _:
            return _json(value)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _text(data: bytes) -> str:
    try:
        return data.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise Malformed(f"this is not UTF-8: {error.reason} at byte {error.start}") from None

"""JSON from outside, read with every doubt that it deserves, and JSON as services write it. Not what its fields mean."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec

from weft.problems import Invalid, Malformed
from weft.records.texts import flaw, suspect

DEPTH = 16
FIELDS_NAMED = 20

Object = dict[str, object]

_ESCAPE = re.compile(r"\\[ubfr]")
_EXPONENT = re.compile(r"[0-9][eE][+-]?[0-9]")


def read(data: bytes) -> Object:
    """The JSON object in these bytes, whose every string is safe to keep and whose every number is one.

    Raises:
        Malformed: it is not a JSON object in UTF-8.
        Invalid: a field that is named has something in it that is not taken.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"this is not UTF-8: {error.reason} at byte {error.start}") from None
    tree = value(text)
    if not isinstance(tree, dict):
        raise Malformed("a JSON object is wanted")
    return tree if _plain(text) else checked(tree)


def value(text: str) -> object:
    """The JSON that this text is; its strings and numbers are still to be `checked`.

    Raises:
        Malformed: it is none.
    """
    try:
        return _decoder.decode(text)
    except RecursionError:
        raise Malformed("this is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"this is not JSON: {error}"[:300]) from None


def checked(tree: Object) -> Object:
    """The same object, whose every string is safe to keep and whose every number is one.

    Raises:
        Invalid: a field that is named has something in it that is not taken.
    """
    if flaws := [named(_path(place), why) for place, why in _flaws(tree)]:
        raise invalid(flaws)
    return tree


def named(field: str, why: str) -> dict[str, str]:
    """What is wrong with a field of a body."""
    return {"field": field, "where": "body", "why": why}


def invalid(fields: Sequence[dict[str, str]]) -> Invalid:
    """The problem that names these fields."""
    shown = list(fields[:FIELDS_NAMED])
    detail = "; ".join(f"{field['field']}: {field['why']}" for field in shown)
    return Invalid(detail[:2000], fields=shown)


def write(value: object) -> bytes:
    """Compact UTF-8 JSON, members in the order that they have."""
    return msgspec.json.encode(value)


def members(value: object) -> bytes:
    """The members of an object without its braces, to be put together with others."""
    return write(value)[1:-1]


def joined(*parts: bytes) -> bytes:
    """The object of these members."""
    return b"{" + b",".join(part for part in parts if part) + b"}"


class _Repeated(ValueError):
    """Two members of one name: readers differ in which of them they believe."""


def _object(pairs: list[tuple[str, object]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise _Repeated(f"{twice[:80]!r} comes twice in one object")
    return found


_decoder = json.JSONDecoder(object_pairs_hook=_object)


def _plain(text: str) -> bool:
    """Whether nothing in this JSON can have a flaw, told from its text alone: true of most, and ten times as fast.

    Without an escape that could write it, a suspect character stands in the text as it is; without a number that has an
    exponent every number is finite; and nothing is nested deeper than there are brackets.
    """
    return not (
        suspect(text)
        or ("\\" in text and _ESCAPE.search(text))
        or "NaN" in text
        or "Infinity" in text
        or _EXPONENT.search(text)
        or text.count("{") + text.count("[") > DEPTH
    )


_Place = tuple["_Place", "str | int"] | None
"""Where a value stands: in what, and by which name. Most values have no flaw, so paths are put together for few."""


def _path(place: "_Place") -> str:
    parts: list[str] = []
    while place:
        place, name = place
        parts.append(str(name)[:80])
    return ".".join(reversed(parts))


def _flaws(tree: Object) -> Iterator[tuple["_Place", str]]:
    waiting: list[tuple[_Place, object, int]] = [(None, tree, 0)]
    while waiting:
        place, value, depth = waiting.pop()
        if isinstance(value, str):
            if why := flaw(value):
                yield place, why
        elif isinstance(value, float):
            if not math.isfinite(value):
                yield place, "is not a number"
        elif isinstance(value, dict | list):
            if depth >= DEPTH:
                yield place, f"is nested more than {DEPTH} deep"
                return
            if isinstance(value, list):
                waiting += (((place, at), item, depth + 1) for at, item in enumerate(value))
                continue
            for name, item in value.items():
                if why := flaw(name):
                    yield place, f"has a field whose name {why}"
                else:
                    waiting.append(((place, name), item, depth + 1))

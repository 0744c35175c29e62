"""JSON from outside, read with every doubt that it deserves, and JSON as this service writes it."""

import json
import math
from collections import Counter
from collections.abc import Iterator

import msgspec

from services.catalog.texts import flaw
from weft.problems import Invalid, Malformed

DEPTH = 16
FIELDS_NAMED = 20

Object = dict[str, object]


def read(data: bytes) -> Object:
    """The JSON object in these bytes, whose every string is safe to keep and whose every number is one.

    Raises:
        Malformed: it is not a JSON object in UTF-8.
        Invalid: a field that is named has something in it that is not taken.
    """
    try:
        tree = json.loads(data.decode("utf-8"), object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        raise Malformed(f"this is not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise Malformed("this is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"this is not JSON: {error}"[:300]) from None
    if not isinstance(tree, dict):
        raise Malformed("a JSON object is wanted")
    if flaws := [_field(path, why) for path, why in _flaws(tree)]:
        raise refused(flaws)
    return tree


def refused(fields: list[dict[str, str]]) -> Invalid:
    """The problem that names these fields."""
    shown = fields[:FIELDS_NAMED]
    detail = "; ".join(f"{field['field']}: {field['why']}" for field in shown)
    return Invalid(detail[:2000], fields=shown)


def write(value: object) -> bytes:
    """Compact UTF-8 JSON, members in the order that they have."""
    return msgspec.json.encode(value)


def members(value: Object) -> bytes:
    """The members of an object without its braces, to be put together with others."""
    return write(value)[1:-1]


class _Repeated(ValueError):
    """Two members of one name: readers differ in which of them they believe."""


def _object(pairs: list[tuple[str, object]]) -> Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise _Repeated(f"{twice[:80]!r} comes twice in one object")
    return found


def _flaws(tree: Object) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[str, object, int]] = [("", tree, 0)]
    while waiting:
        path, value, depth = waiting.pop()
        if isinstance(value, str):
            if why := flaw(value):
                yield path, why
        elif isinstance(value, float):
            if not math.isfinite(value):
                yield path, "is not a number"
        elif isinstance(value, dict | list):
            if depth >= DEPTH:
                yield path, f"is nested more than {DEPTH} deep"
                return
            if isinstance(value, list):
                waiting += ((f"{path}.{at}", item, depth + 1) for at, item in enumerate(value))
                continue
            for name, item in value.items():
                if why := flaw(name):
                    yield path or "the document", f"has a field whose name {why}"
                else:
                    waiting.append((f"{path}.{name[:80]}" if path else name[:80], item, depth + 1))


def _field(path: str, why: str) -> dict[str, str]:
    return {"field": path, "where": "body", "why": why}

"""What a model refuses of a record, said field by field, and with what to do about it."""

import difflib
from collections.abc import Collection

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from weft.problems import Invalid
from weft.records import wire

MADE_HERE = frozenset(
    {"id", "origin", "key", "version", "visibility", "created_at", "updated_at", "translations", "versions"}
)


def refused(error: ValidationError, kind: str, fields: Collection[str]) -> Invalid:
    """The problem that names what is wrong with a record of this kind, which has these fields."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    return wire.invalid([_named(item, kind, fields) for item in errors[: wire.FIELDS_NAMED]])


def _named(item: ErrorDetails, kind: str, fields: Collection[str]) -> dict[str, str]:
    """A rule over several fields begins its message with the name of the one that is to be corrected."""
    field = ".".join(str(part) for part in item["loc"])[:200]
    why = _why(field, item, kind, fields)
    if not field:
        field, _, why = why.partition(": ") if ": " in why[:40] else (kind, "", why)
    return wire.named(field, why)


def _why(field: str, item: ErrorDetails, kind: str, fields: Collection[str]) -> str:
    if item["type"] == "extra_forbidden":
        if field in MADE_HERE:
            return "is made by the node: leave it out"
        near = difflib.get_close_matches(field, fields, 1)
        return f"is not a field of a {kind}: {f'did you mean {near[0]!r}?' if near else 'leave it out'}"
    if item["type"] == "missing":
        return "is missing: add it"
    return item["msg"].removeprefix("Value error, ")

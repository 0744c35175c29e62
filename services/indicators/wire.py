"""JSON as this service writes it, and what is wrong with what it was sent, field by field."""

import msgspec
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from weft.problems import Invalid, Malformed, Problem

FIELDS_NAMED = 20


def write(value: object) -> bytes:
    """Compact UTF-8 JSON, members in the order that they have."""
    return msgspec.json.encode(value)


def members(value: object) -> bytes:
    """The members of an object without its braces, to be put together with others."""
    return write(value)[1:-1]


def joined(*parts: bytes) -> bytes:
    """The object of these members."""
    return b"{" + b",".join(part for part in parts if part) + b"}"


def refused(error: ValidationError) -> Problem:
    """The problem that names the fields which a model refuses."""
    errors = error.errors(include_url=False, include_context=False, include_input=False)
    unreadable = next((item for item in errors if item["type"] == "json_invalid"), None)
    if unreadable is not None:
        return Malformed(f"this is not JSON: {unreadable['msg']}"[:300])
    fields = [_field(item) for item in errors[:FIELDS_NAMED]]
    detail = "; ".join(f"{field['field']}: {field['why']}" for field in fields)
    return Invalid(detail[:2000], fields=fields)


def _field(item: ErrorDetails) -> dict[str, str]:
    """A rule over several fields begins its message with the name of the one that is to be corrected."""
    why = _why(item)
    place = ".".join(str(part) for part in item["loc"])[:200]
    if not place:
        place, _, why = why.partition(": ") if ": " in why[:40] else ("series", "", why)
    return {"field": place, "where": "body", "why": why}


def _why(item: ErrorDetails) -> str:
    if item["type"] == "extra_forbidden":
        return "is not a field of a series: leave it out"
    if item["type"] == "missing":
        return "is missing: add it"
    return item["msg"].removeprefix("Value error, ")

"""What every operation's description has beside what its service says of it: problems, credentials."""

from typing import Any

from gateway import problems as ours
from weft import problems
from weft.problems import Problem

Tree = dict[str, Any]
_PROBLEM = {"$ref": "#/components/schemas/Problem"}
SCHEMAS: Tree = {
    "Problem": {
        "title": "Problem",
        "description": "Why a request was not carried out, and what to do next (RFC 9457). Some kinds say more.",
        "type": "object",
        "required": ["type", "title", "status", "code", "detail", "hint", "request_id"],
        "properties": {
            "type": {"type": "string", "description": "A name of the kind, for programs."},
            "title": {"type": "string", "description": "The kind in words."},
            "status": {"type": "integer"},
            "code": {"type": "string", "description": "A short stable name of the kind."},
            "detail": {"type": "string", "description": "What it was this time."},
            "hint": {"type": "string", "description": "What to do next."},
            "request_id": {"type": "string", "description": "To name when asking whoever runs the node."},
            "fields": {
                "type": "array",
                "description": "Which fields, where it is about some.",
                "items": {"type": "object", "additionalProperties": True},
            },
        },
        "additionalProperties": True,
    }
}
SECURITY: Tree = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, `weft_…`, which an operator makes. It has a role: reader, editor, reviewer or operator.",
    }
}
_KEY: list[Tree] = [{"key": []}]
_OPTIONAL: list[Tree] = [{}, {"key": []}]


def _response(kind: type[Problem], *headers: str) -> Tree:
    described: Tree = {
        "description": f"{kind.title}. {kind.hint}",
        "content": {"application/problem+json": {"schema": _PROBLEM}},
    }
    if headers:
        described["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    return described


RESPONSES: Tree = {
    "400": _response(problems.Malformed),
    "401": _response(problems.Unauthenticated, "WWW-Authenticate"),
    "403": _response(problems.Forbidden),
    "404": _response(problems.NotFound),
    "408": _response(ours.TooSlow),
    "409": _response(problems.NotOurs),
    "412": _response(problems.Stale),
    "413": _response(problems.TooLarge),
    "415": _response(problems.Malformed),
    "422": _response(problems.Invalid),
    "429": _response(ours.TooMany, "Retry-After"),
    "503": _response(problems.Unavailable, "Retry-After"),
    "default": _response(Problem),
}
PLAIN = r"^[^\u0000-\u001f\u007f/\\%]+$"
"""What a segment of a path may be: the door lets no other through."""
_EVERY = ("400", "401", "422", "429", "503", "default")
_WRITING = ("403", "408", "409", "412", "413", "415")


def complete(operation: Tree, *, method: str, path: str, staff: bool) -> Tree:
    """An operation with the problems that it may meet and the credentials that it takes, where it does not say so itself."""
    writes = method != "get"
    due = [
        *_EVERY,
        *(_WRITING if writes else ()),
        *(("403",) if staff else ()),
        *(("404",) if "{" in path else ()),
    ]
    said = {status: response for status, response in operation.get("responses", {}).items() if not _empty(response)}
    problems_met = {name: {"$ref": f"#/components/responses/{name}"} for name in due}
    parameters = [_plain(parameter) for parameter in operation.get("parameters", [])]
    return {
        **operation,
        **({"parameters": parameters} if parameters else {}),
        "security": operation.get("security", _KEY if writes or staff else _OPTIONAL),
        "responses": {**dict(sorted(problems_met.items())), **said},
    }


def _plain(parameter: Tree) -> Tree:
    """A path's parameter with the characters that it may have, where its service does not say that."""
    schema = parameter.get("schema", {})
    if parameter.get("in") != "path" or schema.get("type") != "string" or {"pattern", "enum", "const"} & {*schema}:
        return parameter
    return {**parameter, "schema": {**schema, "pattern": PLAIN}}


def _empty(response: Tree) -> bool:
    """Whether a response is the framework's own word for a request that is not valid: here that is a problem document."""
    schema = response.get("content", {}).get("application/json", {}).get("schema", {})
    return bool(schema.get("$ref", "").endswith("HTTPValidationError"))

"""The API's description in the order in which a person reads it. From the OpenAPI document; no HTML but links between types."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from markupsafe import Markup, escape

Tree = Mapping[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
_JOIN = Markup(" or ")


class Field(NamedTuple):
    name: str
    type: Markup
    place: str
    required: bool
    about: str


class Outcome(NamedTuple):
    status: str
    about: str
    type: Markup


class Operation(NamedTuple):
    id: str
    method: str
    path: str
    summary: str
    about: str
    parameters: list[Field]
    bodies: list[tuple[str, Markup]]
    outcomes: list[Outcome]
    key: str


class Group(NamedTuple):
    name: str
    operations: list[Operation]


class Shape(NamedTuple):
    name: str
    about: str
    fields: list[Field]
    type: Markup


class Reference(NamedTuple):
    groups: list[Group]
    shapes: list[Shape]


def reference(tree: Tree) -> Reference:
    """All operations by their first tag, and all shapes by name."""
    groups: dict[str, list[Operation]] = {}
    for path, item in tree["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                tag = (operation.get("tags") or ["other"])[0]
                groups.setdefault(tag, []).append(_operation(tree, path, method, item, operation))
    shapes = tree["components"]["schemas"]
    return Reference(
        [Group(name, operations) for name, operations in sorted(groups.items())],
        [_shape(name, schema) for name, schema in shapes.items()],
    )


def _operation(tree: Tree, path: str, method: str, item: Tree, operation: Tree) -> Operation:
    parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
    security = operation.get("security", [])
    body = operation.get("requestBody", {}).get("content", {})
    return Operation(
        id=f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        about=operation.get("description", ""),
        parameters=[_parameter(parameter) for parameter in parameters],
        bodies=[(media, type_of(content.get("schema", {}))) for media, content in body.items()],
        outcomes=[_outcome(tree, status, answer) for status, answer in operation["responses"].items()],
        key="" if not security else "not needed for what is public" if {} in security else "needed",
    )


def _parameter(parameter: Tree) -> Field:
    schema = parameter.get("schema", {})
    about = parameter.get("description") or schema.get("description", "")
    return Field(parameter["name"], type_of(schema), parameter["in"], bool(parameter.get("required")), about)


def _outcome(tree: Tree, status: str, answer: Tree) -> Outcome:
    if "$ref" in answer:
        answer = tree["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]]
    content: Tree = next(iter(answer.get("content", {}).values()), {})
    return Outcome(
        status, answer.get("description", ""), type_of(content["schema"]) if "schema" in content else Markup()
    )


def _shape(name: str, schema: Tree) -> Shape:
    required = schema.get("required", [])
    fields = [
        Field(field, type_of(value), "", field in required, value.get("description", ""))
        for field, value in schema.get("properties", {}).items()
    ]
    return Shape(name, schema.get("description", ""), fields, Markup() if fields else type_of(schema))


def type_of(schema: Tree) -> Markup:
    """A schema in a few words; what it refers to is a link to its place on the page."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[1])
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _JOIN.join(dict.fromkeys(type_of(each) for each in schema[several]))
    if "enum" in schema:
        return _JOIN.join(escape(repr(value) if not isinstance(value, str) else value) for value in schema["enum"])
    if "const" in schema:
        return escape(schema["const"])
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return _JOIN.join(escape(each) for each in kind)
    if kind == "array":
        return Markup("list of ") + type_of(schema.get("items", {}))
    return escape(kind) + _bounds(schema)


def _bounds(schema: Tree) -> Markup:
    words = {
        "format": "{}",
        "pattern": "like {}",
        "minimum": "from {}",
        "maximum": "to {}",
        "minLength": "at least {} characters",
        "maxLength": "at most {} characters",
        "default": "otherwise {}",
    }
    said = [text.format(schema[name]) for name, text in words.items() if schema.get(name) not in (None, "")]
    return escape(f" ({', '.join(said)})") if said else Markup()

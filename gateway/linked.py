"""What the description of records' addresses says beside their services: preconditions, headers of answers, and links.

A link leads from a record that was written to what can be done with it next, with the version that it has now.
"""

from typing import Any, Final

from gateway import routing
from weft.protocol import names

Tree = dict[str, Any]
LISTS: Final = frozenset(f"/api/v1/{kind.plural}" for kind in routing.KINDS)
RECORDS: Final = frozenset(f"{path}/{{origin}}/{{id}}" for path in LISTS)
TAG: Final = r'"[!#-\[\]-~]*"'


def _header(name: str, description: str, **schema: str) -> Tree:
    of_text = {"type": "string", **schema}
    return {"name": name, "in": "header", "required": False, "schema": of_text, "description": description}


IF_MATCH: Final = _header(
    "If-Match", "The ETag of the version that is changed, or * for any.", pattern=rf"^(\*|{TAG}(, {TAG})*)$"
)
IF_NEW: Final = _header("If-None-Match", "With * the record has to be new.")
IF_OTHER: Final = _header("If-None-Match", "The ETag of what is known already: 304 if it is still so.")
RANGE: Final = _header("Range", "bytes=FIRST-LAST, one part of the file: 206, or 416 where there is none.")
CONDITIONS: Final[dict[tuple[str, str], tuple[Tree, ...]]] = {
    ("", "get"): (IF_OTHER,),
    ("", "put"): (IF_MATCH, IF_NEW),
    ("", "delete"): (IF_MATCH,),
    ("/takedown", "post"): (IF_MATCH,),
    ("/files/{name}", "get"): (IF_OTHER, RANGE),
    ("/files/{name}", "put"): (IF_MATCH,),
    ("/files/{name}", "delete"): (IF_MATCH,),
}
"""By what follows a record's address, and the method."""
NAMED: Final = {"origin": f"^{names.NAME}$", "id": r"^(?!\.{1,2}$)[a-z0-9._-]{1,128}$"}
"""What the segments of a record's address may be."""
ETAG: Final = {"ETag": {"schema": {"type": "string"}, "description": "The record's version; goes into If-Match."}}
WRITTEN: Final = {
    **ETAG,
    "Location": {"schema": {"type": "string"}, "description": "The record's address."},
    "Weft-After": {"schema": {"type": "string"}, "description": "Sent with a read, has it wait for this change."},
}


def linked(path: str, item: Tree) -> Tree:
    """The operations of a path; where it is of a record, with their conditions, headers and links."""
    if path in LISTS:
        return {**item, "post": _answering(item["post"], WRITTEN, {})} if "post" in item else item
    record = next((known for known in RECORDS if path == known or path.startswith(f"{known}/")), None)
    if record is None:
        return item
    rest = path.removeprefix(record)
    described = {
        method: _conditional(operation, CONDITIONS.get((rest, method), ())) for method, operation in item.items()
    }
    if not rest and {"get", "put", "delete"} <= item.keys():
        described["get"] = _answering(described["get"], ETAG, {})
        described["get"]["responses"]["304"] = {"description": "The record is still so.", "headers": ETAG}
        described["put"] = _answering(described["put"], WRITTEN, _links(item))
    return described


def _conditional(operation: Tree, conditions: tuple[Tree, ...]) -> Tree:
    """The operation with these among its parameters, and what its record's address may be."""
    parameters = [_named(parameter) for parameter in operation.get("parameters", [])]
    said = {str(parameter["name"]).lower() for parameter in parameters}
    missing = [condition for condition in conditions if condition["name"].lower() not in said]
    return {**operation, "parameters": [*parameters, *missing]}


def _named(parameter: Tree) -> Tree:
    pattern = NAMED.get(parameter["name"]) if parameter["in"] == "path" else None
    return {**parameter, "schema": {**parameter["schema"], "pattern": pattern}} if pattern else parameter


def _answering(operation: Tree, headers: Tree, links: Tree) -> Tree:
    """The operation, whose good answers carry these."""
    more = {"headers": headers, **({"links": links} if links else {})}
    answers = operation["responses"]
    return {
        **operation,
        "responses": {
            status: {**said, **more} if status in ("200", "201") else said for status, said in answers.items()
        },
    }


def _links(item: Tree) -> Tree:
    place = {"path.origin": "$request.path.origin", "path.id": "$request.path.id"}
    now = {**place, "header.If-Match": "$response.header.ETag"}
    return {
        name: {"operationId": item[method]["operationId"], "parameters": parameters}
        for name, method, parameters in (("read", "get", place), ("revise", "put", now), ("delete", "delete", now))
    }

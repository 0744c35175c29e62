"""One description of the API from those of the services: pure. Only what the door lets through is in it."""

from collections.abc import Iterator, Mapping
from typing import Any

from gateway import routing, versions
from gateway.defaults import RESPONSES, SCHEMAS, SECURITY, complete
from gateway.linked import linked
from weft.problems import Problem

Tree = dict[str, Any]
METHODS = ("get", "put", "post", "delete", "patch")
_SCHEMAS = "#/components/schemas/"
_DEFINED = "#/$defs/"
SAID = (
    "Reads are open to everybody. Writes need a key: `Authorization: Bearer weft_…`. A write is answered with "
    "`Weft-After`; a read that sends it waits until it knows of that write, 10 seconds at most."
)


def merged(documents: Mapping[str, Tree], *, title: str, version: str, url: str, node: str) -> Tree:
    """The description of all `documents`, by service. A name that two of them use for different things gets a prefix."""
    paths: Tree = {}
    schemas: Tree = dict(SCHEMAS)
    meant: dict[str, Tree] = {}
    tags: set[str] = set()
    for service, document in {name: _lifted(document) for name, document in documents.items()}.items():
        offered = document.get("components", {}).get("schemas", {})
        names = {name: _name(service, name, _closure(offered, name), meant, schemas) for name in offered}
        for name, schema in offered.items():
            schemas[names[name]] = _renamed(schema, names)
        for path, item in document.get("paths", {}).items():
            if _answered_by(path, node) == service:
                paths[path] = _completed(path, _renamed(item, names))
                tags |= {tag for method in METHODS for tag in item.get(method, {}).get("tags", [])}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": SAID,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "tags": [{"name": tag} for tag in sorted(tags)],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": _used(schemas, [paths, RESPONSES]),
            "responses": RESPONSES,
            "securitySchemes": SECURITY,
        },
    }


def _lifted(document: Tree) -> Tree:
    """A service's description with what stands in a schema of its own (`$defs`) among all, where references find it."""
    schemas: Tree = dict(document.get("components", {}).get("schemas", {}))

    def lift(tree: Any) -> Any:
        if isinstance(tree, list):
            return [lift(value) for value in tree]
        if not isinstance(tree, dict):
            return tree.replace(_DEFINED, _SCHEMAS) if isinstance(tree, str) and tree.startswith(_DEFINED) else tree
        for name, schema in tree.get("$defs", {}).items():
            if schemas.setdefault(name, lifted := lift(schema)) != lifted:
                raise ValueError(f"{name} is described in two ways")
        return {key: lift(value) for key, value in tree.items() if key != "$defs"}

    return {**document, "paths": lift(document.get("paths", {})), "components": {"schemas": schemas}}


def _answered_by(path: str, node: str) -> str:
    """Who answers a path of a service's description; nobody, where the door does not let it through."""
    try:
        return routing.service_of(path, node)
    except Problem:
        return ""


def _name(service: str, name: str, meaning: Tree, meant: dict[str, Tree], taken: Mapping[str, Any]) -> str:
    """Under which name a service's schema stands in the whole."""
    for candidate in (name, f"{service.title()}{name}"):
        if meant.get(candidate) == meaning or candidate not in {*meant, *taken}:
            meant[candidate] = meaning
            return candidate
    raise ValueError(f"{service} describes {name} in two ways")


def _closure(schemas: Mapping[str, Any], name: str) -> Tree:
    """A schema and all that it refers to: two are the same only when all of that is."""
    found: Tree = {}
    waiting = [name]
    while waiting:
        at = waiting.pop()
        if at not in found and at in schemas:
            found[at] = schemas[at]
            waiting += _references(schemas[at])
    return found


def _used(schemas: Mapping[str, Any], roots: list[Any]) -> Tree:
    """The schemas that something refers to."""
    kept: Tree = {}
    for root in roots:
        for name in _references(root):
            kept |= _closure(schemas, name)
    return dict(sorted(kept.items()))


def _references(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "$ref" and isinstance(value, str) and value.startswith(_SCHEMAS):
                yield value.removeprefix(_SCHEMAS)
            else:
                yield from _references(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _references(value)


def _renamed(tree: Any, names: Mapping[str, str]) -> Any:
    """The tree with its references under the names of the whole; a discriminator's mapping refers too."""
    if isinstance(tree, dict):
        return {key: _renamed(value, names) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_renamed(value, names) for value in tree]
    if isinstance(tree, str) and tree.startswith(_SCHEMAS):
        name = tree.removeprefix(_SCHEMAS)
        return _SCHEMAS + names.get(name, name)
    return tree


def _completed(path: str, item: Tree) -> Tree:
    staff = routing.is_staff(path)
    leaving = {"deprecated": True} if versions.retirement(path, versions.RETIRING) else {}
    completed = {
        key: {**complete(value, method=key, path=path, staff=staff), **leaving} if key in METHODS else value
        for key, value in item.items()
    }
    return linked(path, completed)

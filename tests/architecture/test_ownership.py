"""Who owns which table, and where databases and transactions begin."""

import ast

import pytest

from tests.architecture.sources import SERVICES, imports, python, tree, where, within

ASSEMBLED_IN = {
    "gateway/gate.py",
    "services/search/service.py",
    "services/sync/service.py",
    "weft/backup/bases.py",
    "weft/origin/service.py",
}
"""The files that put a service together, and what copies each database whole. Only they make a `Database`."""
HTTP_ALONE = ("sqlalchemy", "sqlmodel.select", "sqlmodel.col", "sqlmodel.SQLModel", "sqlmodel.Field")


@pytest.mark.parametrize("owner", [*(f"services.{name}" for name in SERVICES), "gateway"])
def test_tables_are_used_in_the_package_that_owns_them(owner: str) -> None:
    folder = owner.replace(".", "/")
    others = [
        file for file in python("weft", "services", "gateway") if not file.is_relative_to(python(folder)[0].parent)
    ]
    found = [str(item) for item in imports(others) if within(item.module, f"{owner}.models")]
    assert found == []


def test_a_database_is_made_only_where_a_service_is_assembled() -> None:
    found = {
        where(file, 0).rpartition(":")[0]
        for file in python("weft", "services", "gateway")
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Database"
    }
    assert found == ASSEMBLED_IN


def test_endpoints_hold_no_queries() -> None:
    endpoints = [file for file in python("services", "gateway") if file.name == "api.py"]
    found = [str(item) for item in imports(endpoints) if any(within(item.module, package) for package in HTTP_ALONE)]
    assert endpoints
    assert found == []


def test_nobody_commits_or_rolls_back_inside_a_transaction() -> None:
    found = [
        where(file, node.lineno)
        for file in python("weft", "services", "gateway")
        if file.parent.name not in {"database", "migrations", "engine"}
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Attribute) and node.attr in {"commit", "rollback"} and _of_a_session(node)
    ]
    assert found == []


def _of_a_session(node: ast.Attribute) -> bool:
    return isinstance(node.value, ast.Name) and node.value.id in {"session", "connection"}

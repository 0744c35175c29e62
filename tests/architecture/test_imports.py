"""What may import what. A border that is crossed once is no border."""

import sys

import pytest

from tests.architecture.sources import SERVICES, imports, python, within

OURS = ("weft", "services", "gateway", "demo", "tests", "benchmarks")
CODECS = ("msgspec", "zstandard", "cryptography")


def crossing(folder: str, *allowed: str) -> list[str]:
    """Imports of the project's own packages that this folder may not have."""
    return [
        str(found)
        for found in imports(python(folder))
        if any(within(found.module, package) for package in OURS)
        and not any(within(found.module, package) for package in allowed)
    ]


def test_the_kernel_imports_nothing_that_is_above_it() -> None:
    assert crossing("weft", "weft") == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_imports_the_kernel_and_itself_alone(service: str) -> None:
    assert crossing(f"services/{service}", "weft", f"services.{service}") == []


def test_the_gateway_imports_the_kernel_and_itself_alone() -> None:
    assert crossing("gateway", "weft", "gateway") == []


def test_the_product_never_imports_its_own_tests() -> None:
    found = [str(item) for item in imports(python("weft", "services", "gateway")) if within(item.module, "tests")]
    assert found == []


def test_the_protocol_imports_the_standard_library_and_its_codecs_alone() -> None:
    allowed = (*CODECS, "weft.protocol", *sys.stdlib_module_names)
    found = [
        str(item)
        for item in imports(python("weft/protocol"))
        if not any(within(item.module, package) for package in allowed)
    ]
    assert found == []


def test_the_protocol_has_no_socket_clock_disk_or_database() -> None:
    worldly = ("socket", "time", "datetime", "asyncio", "threading", "sqlite3", "pathlib", "os", "random", "secrets")
    found = [
        str(item)
        for item in imports(python("weft/protocol"))
        if any(within(item.module, package) for package in worldly)
    ]
    assert found == []


def test_the_layers_of_the_kernel_know_nothing_above_them() -> None:
    above = {
        "weft/protocol": ("log", "journal", "inbox", "exchange", "origin", "web", "nats", "cli", "database"),
        "weft/log": ("journal", "inbox", "exchange", "origin", "web", "nats", "cli"),
        "weft/journal": ("inbox", "exchange", "origin", "web", "nats", "cli"),
        "weft/inbox": ("journal", "exchange", "origin", "web", "nats", "cli"),
        "weft/nats": ("log", "journal", "inbox", "exchange", "origin", "web", "cli"),
        "weft/database": ("log", "journal", "inbox", "exchange", "origin", "web", "nats", "cli"),
    }
    found = [
        str(item)
        for folder, parts in above.items()
        for item in imports(python(folder))
        if any(within(item.module, f"weft.{part}") for part in parts)
    ]
    assert found == []

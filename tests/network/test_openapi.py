"""What the API says of itself is what it does: requests made from its description, well formed and not, by schemathesis.

Not asked: that everything is taken which the schema allows. The schema says what JSON Schema can; that a country exists or
a period is one is said by the answer. Nor is NDJSON sent, which
schemathesis does not write; nor `Allow` compared, which rightly names what other templates take at the same address.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.promises.desk import Editor, made, running
from weft.demo.local import LocalNode, key_for

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "ignored_auth",
)
CONFIGURATION = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 414, 415, 422, 428, 429, 431]
"""
pytestmark = [pytest.mark.network, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def ece(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    (node,) = made(tmp_path_factory.mktemp("described"), "ece")
    with running(node):
        Editor(node).put("described", "Something to be read")
        yield node


@pytest.mark.parametrize("role", ["editor", None], ids=["an editor", "anybody"])
def test_every_operation_does_what_its_description_says(ece: LocalNode, role: str | None, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"{ece.url}/openapi.json", "--no-color"]
    command += ["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--max-examples", "10"]
    command += ["--seed", "1", "--request-timeout", "40", "--continue-on-failure", "--warnings", "off"]
    command += ["--suppress-health-check", "all", "--exclude-path", "/api/v1/documents/bulk"]
    if role:
        command += ["--header", f"Authorization: Bearer {key_for(ece, role)}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=220, check=False)
    assert done.returncode == 0, done.stdout[-6000:]

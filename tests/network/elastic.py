"""A real Elasticsearch for tests: the one that `WEFT_TEST_ELASTICSEARCH` names, or one that `WEFT_TEST_SERVICES` can start."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weft.demo.local import free_ports

MISSING = "neither WEFT_TEST_ELASTICSEARCH names a server nor WEFT_TEST_SERVICES a folder with elasticsearch/start"


@contextmanager
def server() -> Iterator[str]:
    """The address of a server; empty where there is none."""
    if url := os.environ.get("WEFT_TEST_ELASTICSEARCH", ""):
        yield url
        return
    programs = Path(os.environ.get("WEFT_TEST_SERVICES", "")) / "elasticsearch"
    if not os.environ.get("WEFT_TEST_SERVICES") or not (programs / "start").exists():
        yield ""
        return
    port = str(free_ports(1)[0])
    started = subprocess.run(
        [programs / "start", "--port", port, "--heap", "512m"], capture_output=True, text=True, timeout=180, check=True
    )
    try:
        yield started.stdout.split()[-1]
    finally:
        subprocess.run([programs / "stop", "--port", port], capture_output=True, timeout=60, check=False)

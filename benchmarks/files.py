"""A large file: up to A, across to B when somebody first reads it there, and down from B; beside curl and a static server.

The same program, curl, moves the same bytes in each case. Memory is that of a node with all that it runs, while it is moved.
"""

import getpass
import json
import random
import shutil
import statistics
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.conditions import tool
from benchmarks.pair import A, two_nodes, until
from weft.cli.client import Failed
from weft.demo.local import LocalNode, free_ports, key_for, pair, resident

MIB = 1024 * 1024
SAMPLE_SECONDS = 0.02
ID = "large"
NGINX = """user {user}; daemon off; pid nginx.pid; error_log error.log;
events {{}}
http {{ access_log off; sendfile on; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
uwsgi_temp_path uwsgi; scgi_temp_path scgi; server {{ listen 127.0.0.1:{port}; root {root}; }} }}
"""
Say = Callable[[str], None]


def run(folder: Path, mebibytes: int, rounds: int, *, say: Say) -> dict[str, Any]:
    if shutil.which("curl") is None:
        raise Failed("curl is needed")
    file = folder / "data.pdf"
    legs: dict[str, list[float]] = {"up": [], "across": [], "down": []}
    grown: dict[str, list[int]] = {"a": [], "b": []}
    with two_nodes(folder) as (a, b):
        pair([a, b])
        key = key_for(a, "editor")
        for number in range(rounds + 1):
            file.write_bytes(b"%PDF-1.7\n" + random.Random(number).randbytes(mebibytes * MIB - 15) + b"%%EOF\n")
            with peak(a) as of_a, peak(b) as of_b:
                up = _up(a, key, file, number)
                until("B has the document", lambda at=number: _there(b, at))
                across = _down(b, number, folder / "across.txt", file)
                until("B has put it away", lambda at=file: _kept(b, at))
                down = _down(b, number, folder / "down.txt", file)
            if number == 0:
                continue  # the first warms up: what is loaded then stays
            for leg, seconds in zip(legs, (up, across, down), strict=True):
                legs[leg].append(seconds)
            grown["a"].append(of_a())
            grown["b"].append(of_b())
            say(f"up {up:.2f} s, across {across:.2f} s, down {down:.2f} s")
    with static(folder) as (server, url):
        bare = [_curl([f"{url}/data.pdf", "-o", str(folder / "bare.txt")]) for _ in range(rounds + 1)][1:]
    say(f"beside {server}: {statistics.median(bare):.2f} s")
    medians = {leg: statistics.median(seconds) for leg, seconds in legs.items()}
    alone = statistics.median(bare)
    return {
        "weft": {
            **{f"{leg}_seconds": round(seconds, 3) for leg, seconds in medians.items()},
            "grown_mib": {node: round(max(values) / MIB, 1) for node, values in grown.items()},
        },
        "peer": {"name": f"curl from {server}", "seconds": round(alone, 3)},
        "ratio": {leg: round(alone / seconds, 2) for leg, seconds in medians.items()},
        "conditions": {"mebibytes": mebibytes, "rounds": rounds, "curl": tool("curl")},
    }


def _up(a: LocalNode, key: str, file: Path, number: int) -> float:
    """A document with this file: the time of the file alone."""
    body = {
        "type": "data-note",
        "title": f"Large {number}",
        "language": "en",
        "status": "published",
        "audience": "network",
    }
    authorization = f"Authorization: Bearer {key}"
    document = f"{a.url}/api/v1/documents/{A}/{ID}-{number}"
    json_ = ["-H", "Content-Type: application/json", "--data-binary", json.dumps(body)]
    _curl(["-X", "PUT", "-H", authorization, *json_, document])
    headers = ["-H", authorization, "-H", "Content-Type: application/pdf", "-H", "If-Match: *", "-H", "Expect:"]
    return _curl([*headers, "-T", str(file), f"{document}/files/data.pdf"])


def _down(b: LocalNode, number: int, to: Path, file: Path) -> float:
    seconds = _curl([f"{b.url}/api/v1/documents/{A}/{ID}-{number}/files/data.pdf", "-o", str(to)])
    if to.read_bytes() != file.read_bytes():
        raise Failed("what came is not what was sent")
    to.unlink()
    return seconds


def _curl(arguments: list[str]) -> float:
    """Seconds that curl says it took; where it wrote nothing to a file, its answer is thrown away."""
    away = [] if "-o" in arguments else ["-o", "/dev/null"]
    command = ["curl", "-sS", "--fail-with-body", "-w", "%{stderr}%{time_total}", *away, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        raise Failed(f"curl: {done.stderr[:300]}")
    return float(done.stderr.strip().splitlines()[-1])


def _there(b: LocalNode, number: int) -> bool:
    address = f"{b.url}/api/v1/documents/{A}/{ID}-{number}"
    done = subprocess.run(["curl", "-sS", address], capture_output=True, text=True, timeout=30, check=False)
    return '"files":[' in done.stdout


def _kept(b: LocalNode, file: Path) -> bool:
    staging = b.folder / "blobs" / "staging"
    return not list(staging.iterdir()) and any((b.folder / "blobs" / "of").rglob("*"))


@contextmanager
def peak(node: LocalNode) -> Iterator[Callable[[], int]]:
    """By how many bytes a node's memory grew while something was done, at the most."""
    pid = node.pid or 0
    before = most = resident(pid)
    ended = threading.Event()

    def watch() -> None:
        nonlocal most
        while not ended.wait(SAMPLE_SECONDS):
            most = max(most, resident(pid))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: most - before
    finally:
        ended.set()
        thread.join()


@contextmanager
def static(folder: Path) -> Iterator[tuple[str, str]]:
    """A static server of the files in a folder: nginx where there is one, else Python's."""
    (port,) = free_ports(1)
    if nginx := shutil.which("nginx"):
        configuration = folder / "nginx.conf"
        configuration.write_text(NGINX.format(user=getpass.getuser(), port=port, root=folder))
        command, name = [nginx, "-p", str(folder), "-c", str(configuration), "-e", "error.log"], "nginx"
    else:
        command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
        name = "Python's http.server"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until("the static server answers", lambda: _answers(f"http://127.0.0.1:{port}/nginx.conf"), seconds=30)
        yield name, f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    return subprocess.run(["curl", "-sSf", url], capture_output=True, timeout=30, check=False).returncode == 0

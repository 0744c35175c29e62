"""Requests by the thousand from one process beside the server: as fast as it answers, or at a rate that it cannot choose.

At a rate, a request's time begins when it was due and not when a connection was free: a server that stalls cannot hide it.
Written on sockets, since any client library of Python takes longer than the answers that are measured.
"""

import asyncio
import json
import math
import subprocess
import sys
import time
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

import uvloop

GRACE_SECONDS = 15.0


@dataclass(frozen=True)
class Plan:
    """What to send. `rate` is requests a second; without one, each connection asks again as soon as it was answered."""

    url: str
    connections: int
    seconds: float
    headers: dict[str, str] = field(default_factory=dict)
    rate: float | None = None


@dataclass(frozen=True)
class Outcome:
    """`by_status`: count, p50 and p99 in milliseconds of each status. `unanswered`: what was due and got no answer."""

    requests_per_second: float
    by_status: dict[str, dict[str, float]]
    unanswered: int

    @property
    def good(self) -> dict[str, float]:
        """What was answered as it should be."""
        return self.by_status.get("200", {"count": 0, "p50": math.inf, "p99": math.inf})


def send(plan: Plan) -> Outcome:
    """Carry out a plan in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.traffic"]
    done = subprocess.run(command, input=json.dumps(asdict(plan)), capture_output=True, text=True, check=True)
    return Outcome(**json.loads(done.stdout))


class _Connection(asyncio.Protocol):
    """One kept-alive connection. Answers are told apart by their Content-Length, which every answer here has."""

    def __init__(self, run: "_Run") -> None:
        self._run = run
        self._data = b""
        self.begun = 0.0
        self.waiting = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._run.free(self)

    def ask(self, due: float) -> None:
        self.begun, self.waiting = due, True
        self._transport.write(self._run.request)  # type: ignore[attr-defined]  # a stream's transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, body = self._data.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        if not self.waiting:  # what an idle connection is told before it is closed answers nothing
            return
        self._data, self.waiting = b"", False
        self._run.answered(head[9:12].decode(), time.perf_counter() - self.begun)
        if b"\r\nconnection: close" in head.lower():
            self._transport.close()
        else:
            self._run.free(self)

    def connection_lost(self, _error: Exception | None) -> None:
        self._run.lost(self)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


class _Run:
    def __init__(self, plan: Plan) -> None:
        parts = urlsplit(plan.url)
        self.plan, self.host, self.port = plan, parts.hostname, parts.port
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}"]
        lines += [f"{name}: {value}" for name, value in plan.headers.items()]
        self.request = ("\r\n".join(lines) + "\r\n\r\n").encode()
        self.times: dict[str, list[float]] = defaultdict(list)
        self.unanswered = 0
        self.due: deque[float] = deque()
        self.idle: list[_Connection] = []
        self.over = False
        self.tasks: set[asyncio.Task[Any]] = set()

    def free(self, connection: _Connection) -> None:
        if self.plan.rate is None and not self.over:
            connection.ask(time.perf_counter())
        elif self.due:
            connection.ask(self.due.popleft())
        else:
            self.idle.append(connection)

    def answered(self, status: str, seconds: float) -> None:
        self.times[status].append(seconds)

    def lost(self, connection: _Connection) -> None:
        self.unanswered += connection.waiting
        if connection in self.idle:
            self.idle.remove(connection)
        if not self.over:
            self.open()

    def open(self) -> None:
        task = asyncio.ensure_future(self._connect())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _connect(self) -> None:
        while not self.over:
            try:
                await asyncio.get_running_loop().create_connection(lambda: _Connection(self), self.host, self.port)
                return
            except OSError:
                await asyncio.sleep(0.05)

    async def __call__(self) -> Outcome:
        for _ in range(self.plan.connections):
            self.open()
        begun = time.perf_counter()
        if self.plan.rate is None:
            await asyncio.sleep(self.plan.seconds)
        else:
            await self._at_rate(begun, self.plan.rate)
        self.over = True
        took = time.perf_counter() - begun
        end = time.perf_counter() + GRACE_SECONDS
        while self.due and time.perf_counter() < end:  # noqa: ASYNC110  # no event: answers come on many connections
            await asyncio.sleep(0.05)
        answers = sum(map(len, self.times.values()))
        by_status = {status: _summary(times) for status, times in sorted(self.times.items())}
        return Outcome(round(answers / took, 1), by_status, self.unanswered + len(self.due))

    async def _at_rate(self, begun: float, rate: float) -> None:
        sent = 0
        while (past := time.perf_counter() - begun) < self.plan.seconds:
            for number in range(sent, int(past * rate)):
                due = begun + (number + 1) / rate
                if self.idle:
                    self.idle.pop().ask(due)
                else:
                    self.due.append(due)
            sent = max(sent, int(past * rate))
            await asyncio.sleep(0.001)


def _summary(times: Sequence[float]) -> dict[str, float]:
    ordered = sorted(times)
    shares = {f"p{share}": ordered[min(len(ordered) - 1, len(ordered) * share // 100)] for share in (50, 99)}
    return {"count": len(ordered), **{name: round(1000 * value, 2) for name, value in shares.items()}}


if __name__ == "__main__":
    plan = Plan(**json.load(sys.stdin))
    print(json.dumps(asdict(uvloop.run(_Run(plan)()))))

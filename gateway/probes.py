"""What machines ask of a node: whether it lives, whether it is ready, what it is, and its metrics."""

import asyncio
import time
from ipaddress import ip_address

from fastapi import APIRouter, Request, Response

from gateway.gate import Gate, gate_of
from weft import __version__
from weft.identity import ANONYMOUS, Role, require
from weft.problems import Problem, Unavailable
from weft.web.metrics import exposition
from weft.wiring import SERVICES

ASK_SECONDS = 3.0
FRESH_SECONDS = 1.0
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/version")
async def version(request: Request) -> dict[str, str]:
    return {"service": "gateway", "version": __version__, "node": gate_of(request).wiring.node}


@router.get("/readyz")
async def readyz(request: Request) -> dict[str, str]:
    readiness: Readiness = request.app.state.readiness
    if waiting := await readiness.waiting():
        raise Unavailable(f"not ready: {', '.join(waiting)}", waiting=waiting)
    return {"status": "ready"}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """For whoever is on this machine, and for operators."""
    if not _from_here(request):
        require(request, Role.OPERATOR)
    return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


class Readiness:
    """What keeps services from working; they are asked once a second at most, whoever looks."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._until = 0.0
        self._waiting: dict[str, str] = {}
        self._asking = asyncio.Lock()

    async def waiting(self) -> dict[str, str]:
        async with self._asking:
            if time.monotonic() >= self._until:
                answers = await asyncio.gather(*map(self._ask, SERVICES))
                self._waiting = {name: why for name, why in zip(SERVICES, answers, strict=True) if why}
                self._until = time.monotonic() + FRESH_SECONDS
            return self._waiting

    async def _ask(self, service: str) -> str:
        """Why a service is not ready; empty when it is."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                reply = await self._gate.upstreams.ask(service, "/readyz", ANONYMOUS)
        except Problem as problem:
            return problem.detail
        except TimeoutError:
            return f"no answer in {ASK_SECONDS:.0f} seconds"
        return "" if reply.status == 200 else f"answered {reply.status}"


def _from_here(request: Request) -> bool:
    """Whether nobody but this machine asks: a proxy on it passes on what comes from anywhere."""
    if request.client is None or any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False

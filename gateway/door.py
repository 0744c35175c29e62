"""The door: every request passes here once. It is named, authorised, counted, routed and answered; nothing is gathered.

Plain ASGI, since it stands before services that stream.
"""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import nullcontext
from typing import Any

import structlog
from starlette.types import Receive, Scope, Send

from gateway import headers, routing, versions
from gateway.answer import Answer
from gateway.body import Absent, Body
from gateway.crowd import Crowd
from gateway.identity import NOBODY, Identity, Visitor
from gateway.limits import SAFE, Limits, address_of
from gateway.pages import problem_page
from gateway.paths import path_of
from gateway.problems import Busy, HeadTooLarge
from gateway.sites import Sites
from gateway.upstream import Upstream, Upstreams, passed_on
from weft.identity import Role, demand
from weft.problems import Problem, Unauthenticated
from weft.web.errors import respond
from weft.web.metrics import REQUEST_SECONDS, REQUESTS
from weft.wiring import Wiring

log = structlog.get_logger("weft.gateway")
PATIENCE_SECONDS = 0.2


class Door:
    """`own` answers what the gateway answers itself."""

    def __init__(self, wiring: Wiring, own: Upstream, upstreams: Upstreams, identity: Identity, limits: Limits) -> None:
        self._node = wiring.node
        self._title = wiring.settings.title or wiring.node
        self._tls = wiring.settings.public_url.startswith("https:")
        self._passports = wiring.passports
        self._own = own
        self._upstreams = upstreams
        self._identity = identity
        self._limits = limits
        self._sites = Sites(wiring.settings.cors_origins)
        self._crowd = Crowd()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._own(scope, receive, send)
            return
        request = scope["weft.request_id_bytes"] = headers.request_id(scope["headers"])
        scope["weft.request_id"] = request.decode()
        answer = Answer(send, self._dressed, head_only=scope["method"] == "HEAD")
        answer.added = [(b"x-request-id", request)]
        answer.added += self._sites.answer(scope["headers"], safe=scope["method"] in SAFE)
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=scope["weft.request_id"], service=routing.GATEWAY):
            try:
                with nullcontext() if _unshed(scope["path"]) else self._crowd.joined():
                    await self._let_in(scope, receive, answer)
            except Problem as problem:
                if answer.started:
                    raise
                await self._refuse(problem, scope, receive, answer)
            except Exception as error:
                if answer.complete:  # a service that answered with 500 raises its bug again, for a server to log
                    return
                log.error("bug", exc_info=error, path=scope["path"])
                if answer.started:
                    raise
                await self._refuse(Problem(), scope, receive, answer)
            finally:
                route = scope.get("weft.route", "none")
                REQUEST_SECONDS.labels(routing.GATEWAY, route).observe(time.perf_counter() - started)
                REQUESTS.labels(routing.GATEWAY, route, str(answer.status)).inc()

    def _dressed(self, said: headers.Headers, answer: Answer) -> headers.Headers:
        return headers.outward(said, answer.policy, answer.added, tls=self._tls)

    async def _let_in(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        """See what a request is, who sends it and whether it may, and bring it to who answers it."""
        if (size := headers.size(scope["headers"])) > headers.HEAD_BYTES:
            raise HeadTooLarge(f"{size} bytes are over {headers.HEAD_BYTES}")
        path = path_of(scope)
        scope["path"], scope["raw_path"], scope["root_path"] = path.text, path.raw, ""
        if _preflight(scope):
            answer.added += self._sites.preflight(scope["headers"])
            await answer({"type": "http.response.start", "status": 204, "headers": []})
            await answer({"type": "http.response.body", "body": b""})
            return
        visitor = await self._admitted(scope, path.text)
        service = scope["weft.route"] = routing.service_of(path.text, self._node)
        if routing.is_staff(path.text):
            demand(visitor.caller, Role.OPERATOR)
        if (retiring := versions.retirement(path.text, versions.RETIRING)) is not None:
            answer.added += retiring.headers
        safe = scope["method"] in SAFE
        body: Receive = Absent() if safe else Body(receive, scope["headers"], visitor.caller)
        if service == routing.GATEWAY:
            scope["weft.caller"] = visitor.caller
            call = self._own({**scope, "method": _read(scope["method"])}, body, answer)
        else:
            answer.policy = headers.RECORDS_POLICY
            call = self._upstreams[service](self._inward(scope, visitor), body, answer)
        await (while_wanted(call, receive, answer) if safe else call)

    async def _admitted(self, scope: Scope, path: str) -> Visitor:
        """Who is calling, whose request is counted.

        Raises:
            Unauthenticated: credentials were sent that are not good.
            TooMany: it is one request too many.
        """
        address = address_of(scope.get("client"))
        if path in routing.HEALTH:
            self._limits.admit_probe(address)
            return NOBODY
        authorization = headers.values(scope["headers"], b"authorization")
        if authorization:
            self._limits.may_try(address)
        try:
            visitor = await self._identity.visitor(authorization)
        except Unauthenticated:
            self._limits.failed(address)
            raise
        self._limits.admit(visitor, address, scope["method"])
        return visitor

    def _inward(self, scope: Scope, visitor: Visitor) -> Scope:
        passport = self._passports.issue(visitor.caller)
        sent = headers.inward(scope["headers"], passport, scope["weft.request_id_bytes"])
        if scope["method"] in SAFE:
            sent = [(name, value) for name, value in sent if name not in {b"content-length", b"transfer-encoding"}]
        method = scope["method"] if routing.takes_head(scope["path"]) else _read(scope["method"])
        return passed_on(scope, method=method, path=scope["path"], raw_path=scope["raw_path"], headers=sent)

    async def _refuse(self, problem: Problem, scope: Scope, receive: Receive, answer: Answer) -> None:
        """Answer with a problem document, or with a page where a person reads."""
        if problem.status >= 500 and not isinstance(problem, Busy):  # it is counted, and there are many
            log.warning("problem", code=problem.code, detail=problem.detail)
        accepts = b",".join(headers.values(scope["headers"], b"accept"))
        if b"text/html" in accepts and not scope["path"].startswith(("/api/", "/feeds/", "/.well-known/")):
            response = problem_page(problem, scope["weft.request_id"], self._title)
        else:
            response = respond(problem, scope["weft.request_id"], {"Vary": "Accept"})
        await response(scope, receive, answer)


async def while_wanted(call: Coroutine[Any, Any, None], receive: Receive, answer: Answer) -> None:
    """Answer a request that only reads; stop when its caller has gone before the end. What writes is never stopped.

    Most answers are there before it is worth the time to look whether anybody still waits for them.
    """
    work = asyncio.create_task(call)
    leaving: asyncio.Task[None] | None = None
    try:
        if not (await asyncio.wait({work}, timeout=PATIENCE_SECONDS))[0]:
            leaving = asyncio.create_task(_gone(receive))
            await asyncio.wait({work, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.complete:
                work.cancel()
            await asyncio.wait({work})
    finally:
        work.cancel()
        if leaving is not None:
            leaving.cancel()
    if not work.cancelled():
        work.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _read(method: str) -> str:
    """A HEAD is a GET whose answer ends at its head: services need only know the one."""
    return "GET" if method == "HEAD" else method


def _unshed(path: str) -> bool:
    """Who must be answered however much is asked: whoever watches this node, and peers, which have a limit of their own."""
    return path in routing.HEALTH or path.startswith("/feeds/")


def _preflight(scope: Scope) -> bool:
    return scope["method"] == "OPTIONS" and bool(headers.values(scope["headers"], b"access-control-request-method"))

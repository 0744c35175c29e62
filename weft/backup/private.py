"""New files that only their owner can read, and that are on the disk when they are closed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def new(file: Path) -> Iterator[IO[bytes]]:
    """A file to write, which was not there.

    Raises:
        FileExistsError: it was.
    """
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        yield out
        out.flush()
        os.fsync(out.fileno())

"""The envelope: a tar in an age stream, written and read member by member in little memory. Knows no node.

The tools that everybody has open it as well: `age --decrypt --identity KEY FILE | tar --list`.
"""

import contextlib
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, Self

import pyrage

from weft.backup import private
from weft.backup.flaws import ANOTHER, Flaw
from weft.backup.keys import Identity, Recipient

PIECE = 1 << 16


class Member(NamedTuple):
    """`stream` can be read until the next member is asked for."""

    name: str
    size: int
    stream: IO[bytes]


class Sealed:
    """An envelope that is being filled."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar

    def add(self, name: str, data: bytes) -> None:
        self.stream(name, len(data), io.BytesIO(data))

    def stream(self, name: str, size: int, source: IO[bytes]) -> None:
        """So many bytes of a source, under a name."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, 0o600
        self._tar.addfile(entry, source)


@contextmanager
def sealing(file: Path, recipients: list[Recipient]) -> Iterator[Sealed]:
    """A new file that is there when all of it is on the disk, and not before.

    Raises:
        Flaw: the file is there, or cannot be written.
    """
    if file.exists():
        raise Flaw(f"{file} is there already", "A backup is never written over. Name another file.")
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)  # left behind by one that was killed
        with (
            private.new(part) as out,
            _Pipe(lambda inner: pyrage.encrypt_io(inner, out, recipients), reads=True) as pipe,
            tarfile.open(fileobj=pipe.end, mode="w|", format=tarfile.PAX_FORMAT, bufsize=PIECE) as tar,
        ):
            yield Sealed(tar)
        part.rename(file)
    except OSError as error:
        raise Flaw(f"{file} cannot be written: {error}", "Free space, or name another place.") from error
    finally:
        part.unlink(missing_ok=True)


def opened(file: Path, identities: list[Identity], tell: Callable[[int], None]) -> Iterator[Member]:
    """Every member in turn. `tell` hears how many bytes of the file have been read.

    Raises:
        Flaw: the file is not whole, was changed, or is not for these keys.
    """

    class Watched(io.FileIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            tell(self.tell())
            return data or b""

    try:
        with (
            Watched(file) as source,
            _Pipe(lambda inner: pyrage.decrypt_io(source, inner, identities), reads=False) as pipe,
        ):
            with tarfile.open(fileobj=pipe.end, mode="r|", bufsize=PIECE) as tar:
                for entry in tar:
                    stream = tar.extractfile(entry)
                    if stream is None:
                        raise Flaw(f"{entry.name[:200]!r} is no file", ANOTHER)
                    yield Member(entry.name, entry.size, stream)
            while pipe.end.read(PIECE):
                pass  # to the end, where the encryption says that it is one
    except pyrage.DecryptError:
        raise Flaw(f"{file} is not for this key", "Use the key whose recipient the backup was made for.") from None
    except (OSError, tarfile.TarError) as error:
        raise Flaw(f"{file} cannot be read as a backup: {error}", ANOTHER) from error


class _Pipe:
    """Runs age in a thread, joined to this one by a pipe: `reads` from what is written to `end`, or writes for it to read.

    What age says went wrong comes before what that did to the other end.
    """

    def __init__(self, work: Callable[[IO[bytes]], None], *, reads: bool) -> None:
        read, write = os.pipe()
        inner, outer = (read, write) if reads else (write, read)
        self.end: IO[bytes] = os.fdopen(outer, "wb" if reads else "rb")
        self._inner: IO[bytes] = os.fdopen(inner, "rb" if reads else "wb")
        self._work = work
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            with self._inner:
                self._work(self._inner)
        except BaseException as error:
            self._failed = error

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        with contextlib.suppress(BrokenPipeError):  # age ended first, and says why
            self.end.close()
        self._thread.join()
        if self._failed is not None and (error is None or isinstance(error, OSError | tarfile.TarError)):
            raise self._failed from None

"""The blob store: bytes under their SHA-256, in a folder or in an S3 bucket. It knows neither records nor who may read."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from weft.blobs.manifest import BLOB_BYTES, PART_BYTES
from weft.blobs.staging import Staged, Staging
from weft.problems import NotFound, Unavailable

if TYPE_CHECKING:
    from obstore.store import S3Config  # not there when it runs

REMOTE_BYTES = 8 * PART_BYTES
"""Asked of a bucket at a time: each question costs the way there and back."""
PATIENCE = timedelta(seconds=10)
"""For how long what a bucket does not answer is tried again."""
LISTED = 1000
OTHERS = "of"


class Blob(NamedTuple):
    """Whose bytes, and which. Each origin's are apart: a peer that names the hash of another's bytes gains nothing by it."""

    origin: str
    sha256: str


class Bucket(NamedTuple):
    """Where `s3://bucket/prefix` is, and who we are there; what is empty is as the `AWS_…` variables say."""

    url: str
    endpoint: str = ""
    key_id: str = ""
    secret: str = ""

    def store(self) -> S3Store:
        """
        Raises:
            ValueError: the address is none of a bucket.
        """
        parts = urlsplit(self.url)
        if parts.scheme != "s3" or not parts.netloc:
            raise ValueError(f"a bucket's address is s3://bucket/prefix, not {self.url}")
        said: S3Config = {"endpoint": self.endpoint, "access_key_id": self.key_id, "secret_access_key": self.secret}
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config={name: value for name, value in said.items() if value},  # type: ignore[arg-type]  # some of them
            client_options={
                "allow_http": self.endpoint.startswith("http:"),
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=60),
            },
            retry_config={"max_retries": 3, "retry_timeout": PATIENCE},
        )


class Kept(NamedTuple):
    """A blob that a store has, and its size there."""

    blob: Blob
    size: int


class Blobs:
    """`open` says where they are. What is staged lies on the local disk, in either case.

    Our own blobs are at `ab/abcd…`, as a backup takes them; those that were fetched from others at `of/eca/ab/abcd…`.
    """

    def __init__(self, us: str, store: ObjectStore, staging: Staging, folder: Path | None) -> None:
        self._us = us
        self._store = store
        self._folder = folder
        self._window = REMOTE_BYTES if folder is None else PART_BYTES
        self._reading: Counter[Blob] = Counter()
        self.staging = staging

    @classmethod
    def open(cls, us: str, folder: Path, bucket: Bucket | None = None) -> Self:
        """The store in a bucket, or in a folder when none is given."""
        staging = Staging(folder / "staging")
        if bucket:
            return cls(us, bucket.store(), staging, None)
        return cls(us, LocalStore(folder), staging, folder)

    def _place(self, blob: Blob) -> str:
        place = f"{blob.sha256[:2]}/{blob.sha256}"
        return place if blob.origin == self._us else f"{OTHERS}/{blob.origin}/{place}"

    def stage(self, stream: AsyncIterable[bytes], limit: int = BLOB_BYTES) -> AbstractAsyncContextManager[Staged]:
        """See `Staging.taken`."""
        return self.staging.taken(stream, limit)

    async def place(self, origin: str, staged: Staged) -> Blob:
        """Keep what was staged: after this it survives a power cut. The same bytes once more change nothing.

        Raises:
            Unavailable: the store cannot take it now.
        """
        blob = Blob(origin, staged.manifest.sha256)
        with _translated():
            if self._folder is None:
                await obstore.put_async(self._store, self._place(blob), staged.file)
            else:
                await asyncio.to_thread(_moved, staged.file, self._folder / self._place(blob), self._folder)
        return blob

    async def has(self, kept: Kept) -> bool:
        """Whether it is here, in its full length."""
        with _translated():
            try:
                return (await obstore.head_async(self._store, self._place(kept.blob)))["size"] == kept.size
            except FileNotFoundError:
                return False

    async def read(self, blob: Blob, start: int, stop: int) -> AsyncGenerator[bytes, None]:
        """The bytes from `start` to before `stop`, a MiB at a time. The next is asked for while one is on its way out.

        Raises:
            NotFound: it is not here.
            Unavailable: the store does not answer.
        """
        self._reading[blob] += 1
        waiting = asyncio.ensure_future(self._window_of(blob, start, stop))
        try:
            while start < stop:
                data = await waiting
                start += len(data)
                if start < stop:
                    waiting = asyncio.ensure_future(self._window_of(blob, start, stop))
                for at in range(0, len(data), PART_BYTES):
                    yield bytes(data[at : at + PART_BYTES])
        finally:
            waiting.cancel()
            self._reading[blob] -= 1
            self._reading += Counter()  # forgets those that nobody reads

    async def _window_of(self, blob: Blob, start: int, stop: int) -> memoryview:
        stop = min(stop, start + self._window)
        with _translated():
            try:
                data = memoryview(await obstore.get_range_async(self._store, self._place(blob), start=start, end=stop))
            except FileNotFoundError:
                raise NotFound(f"the bytes {blob.sha256} are not here") from None
        if len(data) != stop - start:
            raise Unavailable(f"the store has fewer bytes of {blob.sha256} than it took")
        return data

    @property
    def reading(self) -> frozenset[Blob]:
        """What is being read by this process."""
        return frozenset(self._reading)

    async def delete(self, blob: Blob) -> None:
        """Forget a blob; one that is not here is no error."""
        with _translated(), suppress(FileNotFoundError):
            await obstore.delete_async(self._store, self._place(blob))

    async def listed(self) -> AsyncIterator[Kept]:
        """All that is kept, in no order: for verification."""
        with _translated():
            async for batch in obstore.list(self._store, chunk_size=LISTED):
                for found in batch:
                    match found["path"].split("/"):
                        case [_, sha256]:
                            yield Kept(Blob(self._us, sha256), found["size"])
                        case [_, origin, _, sha256]:
                            yield Kept(Blob(origin, sha256), found["size"])


def _moved(file: Path, place: Path, root: Path) -> None:
    """Into place at once, and on the disk for good: its bytes before its name, and the names of its folders."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    _synced(file)
    file.replace(place)
    for folder in place.relative_to(root).parents:
        _synced(root / folder)


def _synced(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _translated() -> Iterator[None]:
    """A store that is down or refuses us: the caller hears that it may try again."""
    try:
        yield
    except (BaseError, OSError) as error:
        raise Unavailable(f"the file store cannot do this now: {type(error).__name__}") from error

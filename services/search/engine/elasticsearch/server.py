"""The server, and how it is asked: what its errors mean here, and not at all for a while when it does not answer."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError, UnsupportedProductError

from services.search.engine.interface import Away, Lost

CONNECTIONS = 4  # those that answer, the one that writes, and one to spare
ASK_SECONDS = 4.5
WRITE_SECONDS = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 8.0
_PASSING = frozenset({401, 403, 408, 429, 500, 502, 503, 504})
"""A right that is missing and a full disk are somebody's to mend, and then what waits goes on by itself."""
logging.getLogger("elastic_transport").setLevel(logging.ERROR)
"""It would tell of every try with its trace; an outage is told once, by who waits for it."""
_OTHER_SERVER = "media_type_header_exception"


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where the server is, a comma between its nodes, and how we are known there. A user and password may be in URLs."""

    urls: str
    key: str = ""
    authority: Path | None = None

    def client(self) -> Elasticsearch:
        """A client. Nothing is sent yet."""
        given: dict[str, str] = {}
        if self.key:
            given["api_key"] = self.key
        if self.authority:
            given["ca_certs"] = str(self.authority)
        return Elasticsearch(
            [url.strip() for url in self.urls.split(",")],
            connections_per_node=CONNECTIONS,
            http_compress=True,
            max_retries=1,
            retry_on_status=(),
            request_timeout=WRITE_SECONDS,
            **given,  # type: ignore[arg-type]  # each is there only when it is set
        )


class Circuit:
    """Whoever asks a server that does not answer waits for nothing: it is asked by one, after pauses that grow."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = 0.0
        self._closed_until = 0.0
        self._why = ""

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask the server inside.

        Raises:
            Away: it does not answer, or does not do what is asked now.
            Lost: what was asked of is not there.
        """
        self._pass()
        try:
            yield
        except TransportError as error:
            raise self._broken(f"Elasticsearch does not answer: {error.message}") from error
        except UnsupportedProductError as error:
            raise self._broken(f"what answers is not Elasticsearch: {error}") from error
        except NotFoundError as error:
            self._mended()
            raise Lost("the index is not there; it is being made anew") from error
        except ApiError as error:
            if error.status_code in _PASSING or error.error == _OTHER_SERVER:
                raise self._broken(f"Elasticsearch answers {error.status_code} {error.error}") from error
            raise
        self._mended()

    def _pass(self) -> None:
        with self._lock:
            now = self._clock()
            if now < self._closed_until:
                raise Away(self._why)
            if self._pause:
                self._closed_until = now + max(self._pause, ASK_SECONDS)  # for all but this one, until it has an answer

    def _broken(self, why: str) -> Away:
        with self._lock:
            self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            self._closed_until = self._clock() + self._pause
            self._why = why
        return Away(why)

    def _mended(self) -> None:
        with self._lock:
            self._pause = self._closed_until = 0.0

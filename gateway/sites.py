"""Which pages of other sites may use this node from a browser (CORS), and how far.

Any page may read what is public. The sites that an operator names may also write and send credentials, which their pages
must hold themselves: this node sets no cookie and asks for none.
"""

from collections.abc import Iterable

from gateway.headers import CORS, Headers, values

ORIGIN = b"origin"
_EXPOSED = (
    *("Accept-Ranges", "Content-Disposition", "Content-Range", "Deprecation", "ETag", "Link", "Location"),
    *("Retry-After", "Sunset", "Weft-After", "X-Request-ID"),
)
_READING = ("Accept", "Accept-Language", "If-None-Match", "If-Range", "Range", "Weft-After", "X-Request-ID")
_WRITING = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match")


def _says(name: bytes, *words: str) -> tuple[bytes, bytes]:
    return CORS + name, ", ".join(words).encode()


_EXPOSE = _says(b"expose-headers", *_EXPOSED)
_AGE = (CORS + b"max-age", b"86400")
_ANY = (CORS + b"allow-origin", b"*")
_VARY = (b"vary", b"Origin")


class Sites:
    """`named`: the sites whose pages may do what the program of a person may."""

    def __init__(self, named: Iterable[str]) -> None:
        self._named = frozenset(site.lower().encode() for site in named)

    def preflight(self, headers: Headers) -> Headers:
        """The answer to a browser that asks what a page may do."""
        varies = (b"vary", b"Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        if self._known(headers):
            methods = ("GET", "HEAD", "PUT", "POST", "DELETE")
            return [_says(b"allow-methods", *methods), _says(b"allow-headers", *_READING, *_WRITING), _AGE, varies]
        return [_says(b"allow-methods", "GET", "HEAD"), _says(b"allow-headers", *_READING), _AGE, varies]

    def answer(self, headers: Headers, *, safe: bool) -> Headers:
        """What lets a page read the answer to the request with these headers. `safe`: it only reads."""
        if self._known(headers):
            return [(CORS + b"allow-origin", values(headers, ORIGIN)[0]), _EXPOSE, _VARY]
        if safe:
            return [_ANY, _EXPOSE, *([_VARY] if self._named else [])]
        return [_VARY] if self._named else []

    def _known(self, headers: Headers) -> bool:
        origins = values(headers, ORIGIN) if self._named else []
        return len(origins) == 1 and origins[0].lower() in self._named

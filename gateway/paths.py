"""Paths as they are authorised and as they are passed on: one and the same. What could be read in two ways is refused.

Refusing is safer than mending: a path that is mended here could be mended otherwise behind the door.
"""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from starlette.types import Scope

from gateway.problems import AddressTooLong, CrookedPath

ADDRESS_BYTES = 8 * 1024
_written = re.compile(rb"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)+")
_unseen = re.compile(r"[\x00-\x1f\x7f/\\%]")


class Path(NamedTuple):
    """`text` is decoded, `raw` is its one spelling on the wire."""

    text: str
    raw: bytes


def path_of(scope: Scope) -> Path:
    """The path of a request.

    Raises:
        CrookedPath: it has a spelling that another reader could take for another path.
        AddressTooLong: it has, with the query, more than 8 KiB.
    """
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    if len(raw) + len(scope["query_string"]) > ADDRESS_BYTES:
        raise AddressTooLong(f"{len(raw) + len(scope['query_string'])} bytes")
    return read(raw)


@lru_cache(512)
def read(raw: bytes) -> Path:
    """See `path_of`."""
    if not _written.fullmatch(raw):
        raise CrookedPath("it has characters that do not stand in a path, or does not begin with '/'")
    if raw == b"/":
        return Path("/", raw)
    segments = [_segment(part) for part in raw.split(b"/")[1:]]
    text = "/" + "/".join(segments)
    return Path(text, b"/" + b"/".join(quote(segment, safe="~!$&'()*+,;=:@").encode() for segment in segments))


def _segment(part: bytes) -> str:
    try:
        text = unquote_to_bytes(part).decode()
    except UnicodeDecodeError:
        raise CrookedPath("its percent signs do not spell UTF-8") from None
    if text in {"", ".", ".."}:
        raise CrookedPath(f"{text!r} stands between slashes")
    if _unseen.search(text):
        raise CrookedPath("it has an encoded slash or percent sign, a backslash or a control character")
    return text

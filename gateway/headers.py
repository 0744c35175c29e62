"""Headers: what goes on every answer, and what is passed on to a service."""

import re
import uuid

from weft.passport import HEADER as PASSPORT

Headers = list[tuple[bytes, bytes]]
CORS = b"access-control-"

HEAD_BYTES = 32 * 1024
PAGES_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
RECORDS_POLICY = b"default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; sandbox"
"""What a service answers is nobody's page, even where somebody uploaded one."""
_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
]
_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
WEFT_AFTER = b"weft-after"
"""Which change an answer must already know of, or which one a write made: the one name that passes both ways."""
_OURS = frozenset(name for name, _ in [*_ALWAYS, _TRANSPORT]) | {b"content-security-policy", b"x-request-id"}

HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te"}
    | {b"trailer", b"transfer-encoding", b"upgrade"}
)
_KEPT_BACK = HOP_BY_HOP - {b"transfer-encoding"} | {
    *(b"authorization", b"cookie", b"expect", b"x-request-id"),  # a service learns who calls, not how it was proven
    *(b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-proto", b"x-real-ip"),
}
_request_id = re.compile(rb"[A-Za-z0-9._-]{1,64}")


def values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for key, value in headers if key == name]


def request_id(headers: Headers) -> bytes:
    """The caller's own id for this request where it is a plain one, else a new one."""
    given = values(headers, b"x-request-id")
    return given[0] if len(given) == 1 and _request_id.fullmatch(given[0]) else uuid.uuid4().hex.encode()


def size(headers: Headers) -> int:
    return sum(len(name) + len(value) + 4 for name, value in headers)


def inward(headers: Headers, passport: str, request: bytes) -> Headers:
    """What a service gets: the caller's headers, but for those that only the gateway says, and its word on who calls."""
    named = {name.strip().lower() for value in values(headers, b"connection") for name in value.split(b",")}
    kept = [
        (name, value)
        for name, value in headers
        if name not in _KEPT_BACK and name not in named and (not name.startswith(b"weft-") or name == WEFT_AFTER)
    ]
    return [*kept, (PASSPORT, passport.encode()), (b"x-request-id", request)]


def outward(headers: Headers, policy: bytes, added: Headers, *, tls: bool) -> Headers:
    """What the caller gets: the answer's own headers but for those that only the gateway says, ours, and what is `added`."""
    kept = [(name, value) for name, value in headers if name not in _OURS and not name.startswith(CORS)]
    ours = [*_ALWAYS, (b"content-security-policy", policy), *added]
    return [*kept, *ours, *([_TRANSPORT] if tls else [])]

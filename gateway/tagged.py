"""Answers of the gateway's own that carry an ETag, and are not sent again to who has them."""

import hashlib
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from weft.records.preconditions import Precondition


def tag_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]


def tagged(request: Request, data: bytes, tag: str, headers: Mapping[str, str]) -> Response:
    """This JSON, or that it has not changed."""
    said = {"ETag": f'"{tag}"', **headers}
    if Precondition.of(request.headers).has(tag):
        return Response(status_code=304, headers=said)
    return Response(data, media_type="application/json", headers=said)

"""The route of the merged list of changes."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from gateway.changes.cursor import CHARACTERS, Cursor
from gateway.changes.gather import PATH, Asked, Page, gathered
from gateway.changes.schemas import Changes
from gateway.gate import TheGate
from gateway.routing import KINDS
from weft.identity import caller_of
from weft.problems import Invalid

WAIT_SECONDS = 25
MOST = 1_000
_NAMES = frozenset(name for kind in KINDS for name in (kind.name, kind.takedown))

router = APIRouter(tags=["changes"])


@router.get(PATH, response_model=Changes, summary="What has changed since a cursor, of all kinds and with deletions")
async def changes(
    request: Request,
    gate: TheGate,
    since: Annotated[
        str, Query(max_length=CHARACTERS, description="`next` of an earlier page; none: the beginning")
    ] = "",
    kinds: Annotated[
        list[str], Query(max_length=40, description="of which kinds; none: of all", examples=[["document"]])
    ] = [],  # noqa: B006
    limit: Annotated[int, Query(ge=2, le=MOST)] = 100,
    records: Annotated[bool, Query(description="whether each put brings its record")] = False,
    wait: Annotated[int, Query(ge=0, le=WAIT_SECONDS, description="seconds to wait where there is nothing yet")] = 0,
) -> Response:
    asked = Asked(Cursor.parse(since), known(kinds), limit, records, wait)
    page = await gathered(gate.upstreams, caller_of(request), asked)
    headers = {"Cache-Control": "no-cache", "Vary": "Authorization"}
    return Response(written(page), media_type="application/json", headers=headers)


def known(kinds: Sequence[str]) -> Sequence[str]:
    """These kinds, in one order, each once.

    Raises:
        Invalid: one of them is none.
    """
    if unknown := [name for name in kinds if name not in _NAMES]:
        raise Invalid(f"kinds: {unknown[0][:50]!r} is not one of {', '.join(sorted(_NAMES))}")
    return sorted(set(kinds))


def written(page: Page) -> bytes:
    """A page as it goes out."""
    told = {"items": page.items, "next": str(page.next), "more": page.more, "missing": page.missing}
    return msgspec.json.encode(told)

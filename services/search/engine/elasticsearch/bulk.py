"""Writing many documents: in bounded requests, with each one's error sorted into later, never, and not an error at all."""

from collections.abc import Iterable, Sequence
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.helpers import streaming_bulk

from services.search.engine.elasticsearch import mapping
from services.search.engine.interface import Away, Change, Lost, Refusal

_DOCUMENTS = 500
_BYTES = 8 * 1024 * 1024
_TRIES_AGAIN = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 4.0
_BUSY = (429, 503)

_NEWER_IS_THERE = 409
_NEVER = 400
_GONE = 404


def write(client: Elasticsearch, target: str, changes: Iterable[Change], *, alias: bool) -> Sequence[Refusal]:
    """Write to an index, or to the one behind an alias, which must be there. What it will never take is returned.

    Raises:
        Away: it has too much to do, or may not write now; some were written, and all may be written again.
        Lost: there is no such index.
    """
    refusals = []
    for ok, item in streaming_bulk(
        client,
        ({"_index": target, **mapping.written(change)} for change in changes),
        chunk_size=_DOCUMENTS,
        max_chunk_bytes=_BYTES,
        raise_on_error=False,
        max_retries=_TRIES_AGAIN,
        initial_backoff=_FIRST_PAUSE,
        max_backoff=_LONGEST_PAUSE,
        retry_on_status=_BUSY,
        require_alias=alias,
    ):
        if not ok and (refusal := _sorted(item["index"])):
            refusals.append(refusal)
    return refusals


def _sorted(item: dict[str, Any]) -> Refusal | None:
    """What a document's error means."""
    status, error = item["status"], item["error"]
    if status == _NEWER_IS_THERE:
        return None
    if status == _NEVER:
        return Refusal(item["_id"], f"{error['type']}: {error['reason']}"[:500])
    if status == _GONE:
        raise Lost("the index is not there; it is being made anew")
    raise Away(f"Elasticsearch answers {status} {error['type']}")

"""A document as Elasticsearch keeps it: the fields of its form, and in its source what is shown.

Terms come made, as everywhere here, so the fields only part them at spaces: documents, queries and highlights have one
analysis whichever engine there is. Elasticsearch's own by language found less (docs/decisions/0024).
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.search.engine import analysis, form
from services.search.engine.highlight import READ
from services.search.engine.interface import Change, Remove, Upsert

_KEYWORD = {"type": "keyword"}
_UNSEARCHED = {"type": "keyword", "index": False}
_WORDS = {"type": "text", "analyzer": "whitespace"}
_WORD_FIELDS = [form.field(part, language) for part in form.PARTS for language in analysis.ANALYSES]

MAPPINGS: Mapping[str, Any] = {
    "dynamic": "strict",
    "_meta": {"format": form.FORMAT},
    "_source": {"excludes": _WORD_FIELDS},
    "properties": {
        "version": {"type": "long"},
        "state": _KEYWORD,
        "date": {"type": "integer"},
        "fingerprint": _UNSEARCHED,
        "document": {"type": "object", "enabled": False},
        **dict.fromkeys(form.FACETS, _KEYWORD),
        **dict.fromkeys(_WORD_FIELDS, _WORDS),
    },
}
# It is refreshed when there is something new, and only then. A replica where there is a second node.
SETTINGS: Mapping[str, Any] = {"number_of_shards": 1, "auto_expand_replicas": "0-1", "refresh_interval": "-1"}


def written(change: Change) -> dict[str, Any]:
    """A change as a bulk has it. The server keeps the newest: it forgets deletions, so removed documents stay as marks."""
    return {
        "_id": change.key,
        "version": change.version,
        "version_type": "external_gte",
        "_source": _removal(change) if isinstance(change, Remove) else _source(change),
    }


def shown(source: Mapping[str, Any]) -> Upsert:
    """The document in a hit's source. Of its text it has the beginning, in which words are marked."""
    return msgspec.convert(source["document"], Upsert)


def _source(document: Upsert) -> dict[str, Any]:
    laid = form.lay(document)
    return {
        "version": document.version,
        "state": laid.state,
        "date": laid.date,
        "fingerprint": form.fingerprint(document).hex(),
        "document": msgspec.to_builtins(msgspec.structs.replace(document, text=document.text[:READ])),
        **laid.values,
        **laid.words,
    }


def _removal(change: Remove) -> dict[str, Any]:
    return {"version": change.version, "state": form.REMOVED}

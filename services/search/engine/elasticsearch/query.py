"""From what is wanted to a search in Elasticsearch. It builds and never parses, so no text can be a syntax error."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.search.engine import form
from services.search.engine.interface import Query, Visibility
from services.search.engine.syntax import Wish
from services.search.engine.wanted import NEAR, NEARNESS_WEIGHT, WEIGHTS, Terms, Wanted, excluded, kept, wanted

Clause = dict[str, Any]

# More than there are countries, so that no value goes uncounted in practice.
_MOST_VALUES = 300


def build(wish: Wish, q: Query) -> Clause:
    """The query, its filters and its facets. A facet ignores its own filter, so a facet's filter comes after counting."""
    filters = {name: {"terms": {name: list(values)}} for name, values in kept(q.filters).items()}
    late = {name: clause for name, clause in filters.items() if name in q.facets}
    early = [clause for name, clause in filters.items() if name not in late]
    search: Clause = {"query": _query(wish, q, early)}
    if late:
        search["post_filter"] = {"bool": {"filter": list(late.values())}}
    if q.facets:
        search["aggs"] = {
            name: {
                "filter": {"bool": {"filter": [clause for other, clause in late.items() if other != name]}},
                "aggs": {"values": {"terms": {"field": name, "size": _MOST_VALUES}}},
            }
            for name in q.facets
        }
    return search


def living(visibility: Visibility) -> Clause:
    """What these eyes may see."""
    return {"terms": {"state": list(form.STATES[visibility])}}


def facets(aggregations: Mapping[str, Any]) -> Mapping[str, Mapping[str, int]]:
    """How many there are of each value, from what was counted."""
    return {
        name: {bucket["key"]: bucket["doc_count"] for bucket in counted["values"]["buckets"]}
        for name, counted in aggregations.items()
    }


def _query(wish: Wish, q: Query, filters: Sequence[Clause]) -> Clause:
    query: Clause = {"filter": [living(q.visibility), *filters]}
    if wish.positive:
        asked = [_asked(item) for item in wanted(wish, q.filters)]
        query["must"] = {"dis_max": {"queries": asked}} if asked else {"match_none": {}}
    if out := [_anywhere(language, terms) for language, terms in excluded(wish)]:
        query["must_not"] = out
    return {"bool": query}


def _asked(item: Wanted) -> Clause:
    must = [_anywhere(item.language, phrase) for phrase in item.phrases]
    if item.terms:
        each = [_anywhere(item.language, (term,)) for term in item.terms]
        must.append({"bool": {"should": each, "minimum_should_match": item.least}})
    near = [_anywhere(item.language, pair, slop=NEAR, weight=NEARNESS_WEIGHT) for pair in item.pairs]
    return {"bool": {"must": must, "should": near}}


def _anywhere(language: str, terms: Terms, *, slop: int = 0, weight: float = 1.0) -> Clause:
    """The terms together in one of a document's parts."""
    clauses = []
    for part, boost in WEIGHTS.items():
        name = form.field(part, language)
        if len(terms) == 1:
            clauses.append({"term": {name: {"value": terms[0], "boost": boost * weight}}})
        else:
            phrase = {"query": " ".join(terms), "slop": slop, "boost": boost * weight}
            clauses.append({"match_phrase": {name: phrase}})
    return {"bool": {"should": clauses}}

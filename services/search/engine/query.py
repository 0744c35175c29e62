"""From what is wanted to a tantivy query. It builds and never parses, so no text can be a syntax error."""

from collections.abc import Sequence

from tantivy import Occur, Query, Schema

from services.search.engine import form
from services.search.engine.interface import Filters, Visibility
from services.search.engine.syntax import Wish
from services.search.engine.wanted import NEAR, NEARNESS_WEIGHT, WEIGHTS, Wanted, excluded, kept, wanted


def build(fields: Schema, wish: Wish, filters: Filters, visibility: Visibility) -> Query:
    """The query for all that is wished, seen and kept."""
    clauses = [(Occur.Must, _one_of(fields, "state", form.STATES[visibility]))]
    clauses += [(Occur.Must, _one_of(fields, name, values)) for name, values in kept(filters).items()]
    if wish.positive:
        asked = [_asked(fields, item) for item in wanted(wish, filters)]
        clauses.append((Occur.Must, Query.disjunction_max_query(asked) if asked else Query.empty_query()))
    clauses += [(Occur.MustNot, _anywhere(fields, language, terms)) for language, terms in excluded(wish)]
    return Query.boolean_query(clauses)


def _one_of(fields: Schema, name: str, values: Sequence[str]) -> Query:
    return Query.const_score_query(Query.term_set_query(fields, name, list(values)), 0.0)


def _asked(fields: Schema, item: Wanted) -> Query:
    clauses = [(Occur.Must, _anywhere(fields, item.language, phrase)) for phrase in item.phrases]
    if item.terms:
        each = [(Occur.Should, _anywhere(fields, item.language, [term])) for term in item.terms]
        clauses.append((Occur.Must, Query.boolean_query(each, item.least)))
        near = [_anywhere(fields, item.language, pair, slop=NEAR) for pair in item.pairs]
        clauses += [(Occur.Should, Query.boost_query(pair, NEARNESS_WEIGHT)) for pair in near]
    return Query.boolean_query(clauses)


def _anywhere(fields: Schema, language: str, terms: Sequence[str], *, slop: int = 0) -> Query:
    """The terms together in one of a document's parts."""
    clauses = []
    for part, weight in WEIGHTS.items():
        name = form.field(part, language)
        found = (
            Query.term_query(fields, name, terms[0], index_option="freq")
            if len(terms) == 1
            else Query.phrase_query(fields, name, list(terms), slop)
        )
        clauses.append((Occur.Should, Query.boost_query(found, weight)))
    return Query.boolean_query(clauses)

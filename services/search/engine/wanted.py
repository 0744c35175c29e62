"""What is looked for, in terms of each language: what a wish and filters come to in any index."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import msgspec

from services.search.engine import analysis
from services.search.engine.form import facet_value
from services.search.engine.interface import FILTERS, Filters
from services.search.engine.syntax import Wish, scrub

# A title says what a document is about, a description what is in it.
WEIGHTS = {"title": 3.0, "description": 1.5, "text": 1.0}
# Two words side by side, as they were typed, say more than the same two apart: +0.016 nDCG@10 on 48 judged queries
# in six languages, and hardly anything depends on the distance allowed (0 to 30 words tried).
NEAR = 5
NEARNESS_WEIGHT = 0.5
# A question of many words is not answered by one of them.
_MANY = 4
_MAX_TERMS = 32

Terms = tuple[str, ...]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A wish as one language has it: at least so many of the terms, better if pairs stand near, and all phrases."""

    language: str
    terms: Terms
    least: int
    pairs: tuple[Terms, ...]
    phrases: tuple[Terms, ...]


def wanted(wish: Wish, filters: Filters) -> Sequence[Wanted]:
    """The wish in each language that what is kept can have; a query does not say its own. None has no words there."""
    languages = tuple(dict.fromkeys(map(analysis.analysis_of, filters.language))) or analysis.ANALYSES
    return [asked for language in languages if (asked := _wanted(wish, language)) is not None]


def excluded(wish: Wish) -> Iterator[tuple[str, Terms]]:
    """What must not occur, by language: each document is judged in its own, whichever that is."""
    for language in analysis.ANALYSES:
        for phrase in _phrases(language, wish.excluded):
            yield language, phrase


def kept(filters: Filters) -> Mapping[str, Sequence[str]]:
    """The values to keep, of each field that has some."""
    values = {name: [facet_value(name, scrub(value)) for value in getattr(filters, name)] for name in FILTERS}
    return {name: of for name, of in values.items() if of}


def _wanted(wish: Wish, language: str) -> Wanted | None:
    sequence = analysis.terms(language, wish.words)[:_MAX_TERMS]
    phrases = tuple(_phrases(language, wish.phrases))
    if not (sequence or phrases):
        return None
    terms = tuple(dict.fromkeys(sequence))
    return Wanted(
        language=language,
        terms=terms,
        least=len(terms) // 2 if len(terms) >= _MANY else 1,
        pairs=tuple(dict.fromkeys((left, right) for left, right in pairwise(sequence) if left != right)),
        phrases=phrases,
    )


def _phrases(language: str, texts: Sequence[str]) -> Iterator[Terms]:
    for text in texts:
        if terms := tuple(analysis.terms(language, text)[:_MAX_TERMS]):
            yield terms

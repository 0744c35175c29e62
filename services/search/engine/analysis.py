"""From a text to the terms that it is found by, in each of the six languages and in all others. Not a query's syntax.

Terms are made here rather than by the index, so that documents, queries and highlights cannot disagree.
"""

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from services.search.engine import arabic, stopwords

LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es")
OTHER = "xx"
ANALYSES = (*LANGUAGES, OTHER)

MAX_TERM = 64  # characters; what is longer is not a word that anyone types


Token: TypeAlias = tuple[
    str, int, int
]  # a term, and the start and end of where it stands; a plain tuple since there are millions


def analysis_of(language: str) -> str:
    """Which analysis a BCP 47 language tag has: that of its primary language, or the one for all others."""
    primary = primary_of(language)
    return primary if primary in LANGUAGES else OTHER


def primary_of(language: str) -> str:
    """The primary subtag: `es` of `es-MX`."""
    return language.replace("_", "-").partition("-")[0].lower()


def _ranges(members: Callable[[str], bool]) -> str:
    """A character set of a regular expression: the ranges of members in the basic plane.

    It stays in that plane because `re` looks up a set in constant time only there: beyond it took twenty times as long.
    """
    ranges, start = [], None
    for code in range(0x10001):
        inside = code <= 0xFFFF and members(chr(code))
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"\\u{start:04x}-\\u{code - 1:04x}")
            start = None
    return "".join(ranges)


def _parts_words(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] not in "LNM" and category != "Cf"


# `\w` knows no combining marks, and would cut Hindi or vocalised Arabic words apart; invisible format characters
# must not cut either.
_BETWEEN_WORDS = _ranges(_parts_words)
# Thai, Lao, Burmese, Khmer, kana and Han are written without spaces.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(f"(?P<unspaced>[{_UNSPACED}]+)|[^{_BETWEEN_WORDS}{_UNSPACED}]+")
_ZH_STOP = re.compile(stopwords.ZH)

# Marks that fold away; й is a letter of its own.
_ACCENTS = re.compile("(?<!и)\u0306|[\u0300-\u0305\u0307-\u036f]")
# Format characters, and the pictographs beyond the basic plane, which the expression for words lets through.
_UNTYPED = re.compile(
    "[\u00ad\u0600-\u0605\u061c\u06dd\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U0001f000-\U0001fbff\U000e0000-\U000e01ef]"
)
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"}) | {
    zero + digit: str(digit) for zero in (0x0660, 0x06F0, 0x0966) for digit in range(10)
}


def fold(word: str) -> str:
    """The word in one spelling: compatibility forms, case, accents and Arabic variants do not tell words apart."""
    decomposed = _UNTYPED.sub("", unicodedata.normalize("NFKD", word).casefold())
    return unicodedata.normalize("NFC", arabic.normalise(_ACCENTS.sub("", decomposed).translate(_LETTERS)))


def _snowball(language: str) -> Callable[[str], str]:
    analyzer: TextAnalyzer = TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.stemmer(language)).build()

    def stem(word: str) -> str:
        terms: list[str] = analyzer.analyze(word)
        return terms[0] if terms else word

    return stem


_STEM: dict[str, Callable[[str], str]] = {
    "ar": arabic.stem,
    "en": _snowball("english"),
    "fr": _snowball("french"),
    "ru": _snowball("russian"),
    "es": _snowball("spanish"),
}
# What the stemmers miss among this domain's commonest words.
_IRREGULAR = {
    "en": {"women": "woman", "men": "man", "children": "child", "girls": "girl", "data": "datum"},
    "es": {"mujeres": "mujer", "jovenes": "joven", "imagenes": "imagen", "ordenes": "orden"},
    "fr": {"travaux": "travail", "yeux": "oeil"},
}
_STOP = {"ar": stopwords.AR, "en": stopwords.EN, "fr": stopwords.FR, "ru": stopwords.RU, "es": stopwords.ES}


@lru_cache(maxsize=32_768)  # some 5 MiB at most; a word comes back far more often than not
def _term(analysis: str, word: str) -> str:
    """The term of a word; empty when it has none."""
    folded = fold(word[:MAX_TERM])
    if folded in _STOP.get(analysis, ()):
        return ""
    folded = _IRREGULAR.get(analysis, {}).get(folded, folded)
    stem = _STEM.get(analysis)
    term = sys.intern(stem(folded) if stem else folded)
    return "".join(term.split())[:MAX_TERM]


def tokens(analysis: str, text: str) -> Iterator[Token]:
    """The text's terms in order. Writing without spaces becomes overlapping pairs of characters."""
    for match in _WORD.finditer(text):
        start, end = match.span()
        if match.lastgroup is None:
            term = _term(analysis, match[0])
            if term:
                yield term, start, end
        elif analysis == "zh":
            for piece, offset in _pieces(match[0], start):
                yield from _pairs(piece, offset)
        else:
            yield from _pairs(match[0], start)


def _pieces(run: str, start: int) -> Iterator[tuple[str, int]]:
    """The run, parted at its stop words."""
    at = 0
    for stop in _ZH_STOP.finditer(run):
        yield run[at : stop.start()], start + at
        at = stop.end()
    yield run[at:], start + at


def _pairs(run: str, start: int) -> Iterator[Token]:
    if len(run) == 1:
        yield run, start, start + 1
    for at in range(len(run) - 1):
        yield run[at : at + 2], start + at, start + at + 2


def terms(analysis: str, text: str) -> list[str]:
    """The text's terms alone."""
    return [term for term, _, _ in tokens(analysis, text)]

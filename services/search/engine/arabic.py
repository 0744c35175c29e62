"""Arabic words: one spelling for what is written in several ways, and a light stem. Not for Persian or Urdu.

The stem is Larkey's "light10" (Light Stemming for Arabic Information Retrieval, 2007), as Lucene has it: it takes
off one prefix of article and conjunction, then suffixes, while enough of the word remains.
"""

import re

# Vowel signs, the hamza and madda that decomposition leaves behind, the superscript alef, and tatweel say nothing
# to a search.
_UNSAID = re.compile("[\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed]")
_LETTERS = str.maketrans("ٱىةیک", "ايهيك")
# The text layer of many PDF files holds the lam-alef ligature in the wrong order: "االجتماعية" for "الاجتماعية".
_SWAPPED_ARTICLE = re.compile("^([وفبك]?)اال")

_PREFIXES = ("وال", "بال", "كال", "فال", "لل", "ال")
_SUFFIXES = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")


def normalise(word: str) -> str:
    """One spelling of a decomposed word: hamza, vowel signs, tatweel and final ya do not tell words apart."""
    return _SWAPPED_ARTICLE.sub(r"\1الا", _UNSAID.sub("", word).translate(_LETTERS))


def stem(word: str) -> str:
    """The word without its article, conjunction and the endings of number, gender and possession."""
    for prefix in _PREFIXES:
        if word.startswith(prefix) and len(word) >= len(prefix) + 2:
            word = word[len(prefix) :]
            break
    else:
        if word.startswith("و") and len(word) >= 4:
            word = word[1:]
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) >= len(suffix) + 2:
            word = word[: -len(suffix)]
    return word

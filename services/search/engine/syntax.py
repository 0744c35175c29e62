"""What a person typed, read leniently: words, "quoted phrases" and -exclusions. Nothing here knows an index."""

import re

import msgspec

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»「」『』＂", '"'))
_PART = re.compile(r'(?P<minus>(?<!\S)[-−])?(?:"(?P<quoted>[^"]*)"|(?P<bare>[^\s"]+))')


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted: words (any of them), phrases (all of them), and what must not occur."""

    words: str
    phrases: tuple[str, ...]
    excluded: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether anything is asked for, rather than only excluded."""
        return bool(self.words or self.phrases)


def read(text: str) -> Wish:
    """The wish in a text."""
    words, phrases, excluded = [], [], []
    for part in _PART.finditer(scrub(text).translate(_QUOTES)):
        said = part["bare"] if part["quoted"] is None else part["quoted"]
        if part["minus"]:
            excluded.append(said)
        elif part["quoted"] is None:
            words.append(said)
        else:
            phrases.append(said)
    return Wish(words=" ".join(words), phrases=tuple(phrases), excluded=tuple(excluded))


def scrub(text: str) -> str:
    """The text without lone surrogates, which are no text."""
    return text.encode("utf-8", "ignore").decode()

"""Documents of 1 KB to load: the same bytes for whoever is measured, and the same in every run."""

import json
import random
from collections.abc import Iterator

BYTES = 1_000
SEED = 2030
_THEMES = ("social-inclusion", "gender-equality", "health-promotion", "population-development")
_GROUPS = ("vulnerable-women", "older-persons", "migrants", "rural-poor")
_COUNTRIES = ("231", "404", "566", "710", "818")
SHARED_WORD = "benchmarked"
"""In every text, so that a search for it counts what is searchable."""


def document(number: int, words: random.Random) -> dict[str, object]:
    """One published document, whose JSON is about `BYTES` long."""
    made: dict[str, object] = {
        "id": f"record-{number:07d}",
        "type": "policy-brief",
        "title": f"Record {number} of the benchmark",
        "language": "en",
        "themes": [_THEMES[number % len(_THEMES)]],
        "groups": [_GROUPS[number % len(_GROUPS)]],
        "countries": [_COUNTRIES[number % len(_COUNTRIES)]],
        "issued": f"{2000 + number % 25}-06",
        "status": "published",
        "audience": "network",
        "text": SHARED_WORD,
    }
    text = [SHARED_WORD]
    room = BYTES - len(json.dumps(made))
    while room > 0:
        text.append(_word(words))
        room -= len(text[-1]) + 1
    return {**made, "text": " ".join(text)}


def documents(count: int) -> Iterator[dict[str, object]]:
    words = random.Random(SEED)
    return (document(number, words) for number in range(count))


def lines(count: int) -> Iterator[bytes]:
    """The documents as lines of JSON."""
    return (json.dumps(each).encode() + b"\n" for each in documents(count))


def _word(words: random.Random) -> str:
    """One of some thousand made-up words, the first ones much more often, as in a language."""
    rank = int(words.paretovariate(0.7)) % 4_000
    return "".join(
        "bdfgklmnprstvz"[rank // 5**place % 14] + "aeiou"[rank // 7**place % 5] for place in range(2 + rank % 3)
    )

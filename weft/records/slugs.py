"""Ids for records that come without one: words of the title, and enough randomness to be alone."""

import re
import unicodedata

WORDS = 80


def slug(title: str, suffix: str, *, kind: str) -> str:
    """An id that a person can recognise; a title with no Latin letters gives the kind and the suffix alone."""
    latin = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", latin)[:WORDS].strip("-")
    return f"{words or kind}-{suffix}"

"""Text that is safe to keep, send and show. Not for what it says.

Left-to-right and right-to-left marks (U+200E, U+200F, U+061C) act on themselves alone and are welcome. Embeddings and
isolates are legitimate in Arabic text and are taken when each paragraph closes what it opens; overrides, which make text
read as what it is not, are refused. So are control characters other than the newline and the tab.
"""

import re

_SUSPECT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_PARAGRAPH = re.compile(r"[\n\u2029]")
_EMBEDDINGS = "\u202a\u202b"
_END_OF_EMBEDDING = "\u202c"
_OVERRIDES = "\u202d\u202e"
_ISOLATES = "\u2066\u2067\u2068"
_END_OF_ISOLATE = "\u2069"


def suspect(text: str) -> bool:
    """Whether there is a character in this text that may be a flaw."""
    return _SUSPECT.search(text) is not None


def flaw(text: str) -> str | None:
    """Why this text is not taken; None when it is."""
    if not suspect(text):
        return None
    for paragraph in _PARAGRAPH.split(text):
        if found := _flaw_of_paragraph(paragraph):
            return found
    return None


def _flaw_of_paragraph(paragraph: str) -> str | None:
    opened: list[str] = []
    for match in _SUSPECT.finditer(paragraph):
        character = match.group()
        if character in _EMBEDDINGS:
            opened.append(_END_OF_EMBEDDING)
        elif character in _ISOLATES:
            opened.append(_END_OF_ISOLATE)
        elif character in _OVERRIDES:
            return f"has a bidirectional override, {_name(character)}: take it out"
        elif character not in (_END_OF_EMBEDDING, _END_OF_ISOLATE):
            return f"has {_name(character)}, a character that is no text: take it out (lines end in \\n alone)"
        elif not opened or opened.pop() != character:
            return f"has {_name(character)}, which closes nothing in its paragraph: take it out"
    return f"opens a bidirectional part that its paragraph does not close with {_name(opened[-1])}" if opened else None


def _name(character: str) -> str:
    return f"U+{ord(character):04X}"

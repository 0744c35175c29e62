"""Names of files that any system can save as they are. Not for what the files are."""

import re
import unicodedata

from weft.problems import Invalid

NAME_BYTES = 200
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³]) *(\..*)?", re.IGNORECASE)
_RESERVED = re.compile(r'[/\\:*?"<>|%]')
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_JOINERS = "\u200c\u200d"
"""Persian and the languages of India spell with them; they act on their neighbours alone."""


def safe(name: str) -> str:
    """The name in its one spelling, NFC.

    Raises:
        Invalid: some system could not keep a file under it, or it would be read as something else.
    """
    name = unicodedata.normalize("NFC", name)
    if why := _flaw(name):
        raise Invalid(f"name: {why}", fields=[{"field": "name", "where": "path", "why": why}])
    return name


def _flaw(name: str) -> str | None:
    if not name or len(name.encode("utf-8", "replace")) > NAME_BYTES:
        return f"must have 1 to {NAME_BYTES} bytes in UTF-8"
    if found := _RESERVED.search(name):
        return f"has {found.group()!r}, which does not stand in the name of a file"
    if any(unicodedata.category(each) in _UNSEEN and each not in _JOINERS for each in name):
        return "has a control, bidirectional, private or unassigned character"
    if name != name.strip() or name.startswith(".") or name.endswith("."):
        return "must not begin with a dot or a space, nor end with one"
    if _DEVICES.fullmatch(name):
        return "is the name of a device on Windows"
    return None

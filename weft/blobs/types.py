"""Types of files: what a file says it is must be what its bytes are and what its name ends in. It is never opened to be shown."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import puremagic

from weft.blobs import archives, images, plain
from weft.blobs.flaws import Flaw
from weft.problems import Problem

START_BYTES = 4096


class TypeDenied(Problem):
    status, code, title = 422, "type-denied", "The file is not what it says it is, or is not safe to pass on"
    hint = "Send the file under its own type and ending, whole, without macros, and not packed beyond what it holds."


class TypeNotTaken(Problem):
    status, code, title = 415, "type-not-taken", "Files of this type are not taken"
    hint = "Say the type in Content-Type, without a Content-Encoding. What is taken is listed in docs/use/files.md."


@dataclass(frozen=True)
class Kind:
    """A type of files. `check` reads a file from its beginning and raises `Flaw` when it is none of this type."""

    media_type: str
    endings: tuple[str, ...]
    check: Callable[[BinaryIO], None]


_OFFICE = "application/vnd.openxmlformats-officedocument"
KINDS: Mapping[str, Kind] = {
    kind.media_type: kind
    for kind in (
        Kind("application/pdf", (".pdf",), plain.pdf),
        Kind(f"{_OFFICE}.wordprocessingml.document", (".docx",), archives.office("wordprocessingml.document")),
        Kind(f"{_OFFICE}.spreadsheetml.sheet", (".xlsx",), archives.office("spreadsheetml.sheet")),
        Kind(f"{_OFFICE}.presentationml.presentation", (".pptx",), archives.office("presentationml.presentation")),
        Kind("application/vnd.oasis.opendocument.text", (".odt",), archives.opendocument),
        Kind("image/png", (".png",), images.png),
        Kind("image/jpeg", (".jpg", ".jpeg"), images.jpeg),
        Kind("text/csv", (".csv",), plain.text),
        Kind("text/plain", (".txt",), plain.text),
    )
}


def taken(media_type: str) -> Kind:
    """The kind of this media type, whose parameters are left aside.

    Raises:
        TypeNotTaken: there is none.
    """
    name = media_type.partition(";")[0].strip().lower()
    if name not in KINDS:
        raise TypeNotTaken(f"{name[:100] or 'no type'!r} is none of: {', '.join(KINDS)}")
    return KINDS[name]


def named(kind: Kind, name: str) -> None:
    """Let a name pass whose ending is one of the kind's: a reader's system believes the ending.

    Raises:
        TypeDenied: it is not.
    """
    if not name.lower().endswith(kind.endings):
        raise TypeDenied(f"the name of a file of type {kind.media_type} ends in {' or '.join(kind.endings)}")


def agree(kind: Kind, file: Path) -> None:
    """Let a file pass whose bytes are of this kind. It may be large: call it off the event loop.

    Raises:
        TypeDenied: they are not.
    """
    with file.open("rb") as opened:
        start = opened.read(START_BYTES)
        opened.seek(0)
        try:
            kind.check(opened)
        except Flaw as flaw:
            raise TypeDenied(f"this is no {kind.media_type}: {flaw}{_guess(start)}") from None


def _guess(start: bytes) -> str:
    """What the file looks like, for who wonders."""
    try:
        return f" (it begins like {puremagic.magic_string(start)[0].name[:80]})"
    except (puremagic.PureError, ValueError, IndexError):
        return ""

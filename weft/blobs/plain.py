"""PDF and plain text, by their bytes."""

import codecs
import os
import re
from typing import BinaryIO

from weft.blobs.flaws import Flaw

READ_BYTES = 1024 * 1024
END_BYTES = 2048
_CONTROL = bytes({*range(0x20), 0x7F} - set(b"\t\n\f\r"))


def pdf(file: BinaryIO) -> None:
    """Its header stands at the very beginning, so that the file is nothing else besides, and its end has come."""
    if not re.match(rb"%PDF-[12]\.[0-9]", file.read(16)):
        raise Flaw("it does not begin with %PDF-")
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END_BYTES))
    if b"%%EOF" not in file.read():
        raise Flaw("its end is missing")


def text(file: BinaryIO) -> None:
    """UTF-8 from beginning to end, with no character that is no text."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while data := file.read(READ_BYTES):
        _no_control(data)
        if decoder.getstate()[0] or not data.isascii():
            _decoded(decoder, data, final=False)
    _decoded(decoder, b"", final=True)


def _no_control(data: bytes) -> None:
    """In UTF-8 no byte of another character looks like a control character."""
    if len(data.translate(None, _CONTROL)) < len(data):
        found = next(byte for byte in data if byte in _CONTROL)
        raise Flaw(f"it has U+{found:04X}, a character that is no text")


def _decoded(decoder: codecs.IncrementalDecoder, data: bytes, *, final: bool) -> None:
    try:
        decoder.decode(data, final)
    except UnicodeDecodeError as error:
        raise Flaw(f"it is not UTF-8: {error.reason}") from None

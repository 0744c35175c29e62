"""PNG and JPEG, by their structure alone: nothing is unpacked, so that no image can cost more than its bytes."""

import os
import struct
from typing import BinaryIO

from weft.blobs.flaws import Flaw

SIDE = 30_000
PIXELS = 100_000_000
PIECES = 100_000
"""Chunks of a PNG, or segments of a JPEG before its picture begins."""

_PNG = b"\x89PNG\r\n\x1a\n"
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_END_BYTES = 4096
"""Cameras write a little behind the end of a JPEG."""


def png(file: BinaryIO) -> None:
    if file.read(8) != _PNG:
        raise Flaw("it does not begin like a PNG")
    for number in range(PIECES):
        head = file.read(8)
        if len(head) < 8:
            raise Flaw("its end is missing")
        length, name = struct.unpack(">I4s", head)
        if number == 0:
            if name != b"IHDR" or length != 13:
                raise Flaw("it does not say how large it is")
            _bound(*struct.unpack(">II", file.read(13)[:8].ljust(8, b"\0")))
            length = 0
        file.seek(length + 4, os.SEEK_CUR)
        if name == b"IEND":
            if file.read(1):
                raise Flaw("something follows its end")
            if file.tell() > file.seek(0, os.SEEK_END):
                raise Flaw("its end is missing")
            return
    raise Flaw(f"it has over {PIECES} chunks")


def jpeg(file: BinaryIO) -> None:
    if file.read(2) != b"\xff\xd8":
        raise Flaw("it does not begin like a JPEG")
    for _ in range(PIECES):
        marker = file.read(2)
        if len(marker) < 2 or marker[0] != 0xFF:
            raise Flaw("its segments are broken")
        if marker[1] == 0xFF:  # a fill byte before a marker
            file.seek(-1, os.SEEK_CUR)
            continue
        length = file.read(2)
        if len(length) < 2 or (size := int.from_bytes(length)) < 2:
            raise Flaw("its segments are broken")
        if marker[1] in _FRAMES:
            height, width = struct.unpack(">HH", file.read(5)[1:].ljust(4, b"\0"))
            _bound(width, height)
            _ended(file)
            return
        file.seek(size - 2, os.SEEK_CUR)
    raise Flaw("it does not say how large it is")


def _ended(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_BYTES))
    if b"\xff\xd9" not in file.read():
        raise Flaw("its end is missing")


def _bound(width: int, height: int) -> None:
    if not (0 < width <= SIDE and 0 < height <= SIDE and width * height <= PIXELS):
        raise Flaw(f"{width} x {height} pixels are none, or over {SIDE} a side or {PIXELS} in all")

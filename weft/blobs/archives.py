"""Office files, which are ZIP archives: looked into before they are passed on, so that none is a bomb or carries a program.

Only the lists of what is in them and two small members are read. An archive in an archive (a table in a report) is looked
into too; one in that is refused. Encrypted members and macros are refused.
"""

import os
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import BinaryIO

from weft.blobs.flaws import Flaw

ENTRIES = 10_000
LIST_BYTES = 2 * 1024 * 1024
"""The list of members, which is read whole."""
RATIO = 100
SMALL_BYTES = 10 * 1024 * 1024
"""So much may always come out of an archive, however well it packs."""
UNPACKED_BYTES = 1024 * 1024 * 1024
INNER_BYTES = 64 * 1024 * 1024
MEMBER_BYTES = 1024 * 1024
DEPTH = 1

_ZIP = b"PK\x03\x04"
_END, _END_OF_LARGE = b"PK\x05\x06", b"PK\x06\x07"
_END_BYTES = 22
_BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error),
    *(EOFError, NotImplementedError, OSError, RuntimeError, ValueError, struct.error),
)
_MACROS = ("vbaproject.bin", "vbadata.xml", "basic/", "scripts/")
_PACKINGS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


def office(part: str) -> Callable[[BinaryIO], None]:
    """A check for an Office Open XML file whose main part is this."""
    main = f"application/vnd.openxmlformats-officedocument.{part}.main+xml".encode()

    def check(file: BinaryIO) -> None:
        with _opened(file) as archive:
            _inspected(archive, file, depth=0)
            types = _member(archive, "[Content_Types].xml")
            if b"macroenabled" in types.lower():
                raise Flaw("it is made for macros")
            if main not in types:
                raise Flaw("its main part is of another type")

    return check


def opendocument(file: BinaryIO) -> None:
    with _opened(file) as archive:
        _inspected(archive, file, depth=0)
        if _member(archive, "mimetype") != b"application/vnd.oasis.opendocument.text":
            raise Flaw("its 'mimetype' says another type")
        _member(archive, "content.xml", whole=False)


def _opened(file: BinaryIO) -> zipfile.ZipFile:
    if file.read(4) != _ZIP:  # from the very beginning, so that the file is nothing else besides
        raise Flaw("it does not begin like a ZIP archive")
    _bounded(file)
    try:
        return zipfile.ZipFile(file)
    except _BROKEN as error:
        raise Flaw(f"its archive is broken: {error}"[:200]) from None


def _bounded(file: BinaryIO) -> None:
    """Let an archive pass whose list can be read: the size of the list is said in the last bytes of the file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END_BYTES - 20))
    last = file.read()
    end = last[-_END_BYTES:]
    if end[:4] != _END or len(end) < _END_BYTES:
        raise Flaw("its end is missing, or something follows it")
    if last[:4] == _END_OF_LARGE or struct.unpack_from("<I", end, 12)[0] > LIST_BYTES:
        raise Flaw(f"the list of its members is over {LIST_BYTES} bytes")


def _inspected(archive: zipfile.ZipFile, file: BinaryIO, *, depth: int) -> None:
    """Look into an archive whose list was read."""
    members = archive.infolist()
    size = file.seek(0, 2)
    if len(members) > ENTRIES:
        raise Flaw(f"it has over {ENTRIES} members")
    _apart(members, size)
    if (unpacked := sum(member.file_size for member in members)) > min(max(RATIO * size, SMALL_BYTES), UNPACKED_BYTES):
        raise Flaw(f"{unpacked} bytes would come out of {size}")
    for member in members:
        _fair(member)
        if not member.is_dir() and _start(archive, member) == _ZIP:
            if depth == DEPTH:
                raise Flaw("it has an archive in an archive in it")
            _inner(archive, member, depth + 1)


def _apart(members: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Members that lie over each other are how a few kilobytes become petabytes."""
    end = 0
    names: set[str] = set()
    for member in sorted(members, key=lambda each: each.header_offset):
        if member.header_offset < end or member.header_offset + member.compress_size > size:
            raise Flaw("its members lie over each other, or outside of it")
        end = member.header_offset + member.compress_size
        if (name := member.filename.casefold()) in names:
            raise Flaw(f"it has {member.filename[:80]!r} twice")
        names.add(name)


def _fair(member: zipfile.ZipInfo) -> None:
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or ":" in name or ".." in name.split("/"):
        raise Flaw(f"it has a member with the path {member.filename[:80]!r}")
    if member.flag_bits & 0x1:
        raise Flaw("it is encrypted")
    if member.compress_type not in _PACKINGS:
        raise Flaw("it is packed in a way that office files are not")
    if (lower := name.lower()).endswith(_MACROS[:2]) or lower.startswith(_MACROS[2:]):
        raise Flaw("it has macros")


def _start(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    return _read(archive, member, 4)


def _inner(archive: zipfile.ZipFile, member: zipfile.ZipInfo, depth: int) -> None:
    if member.file_size > INNER_BYTES:
        raise Flaw(f"it has an archive of over {INNER_BYTES} bytes in it")
    with tempfile.TemporaryFile() as unpacked:
        try:
            with archive.open(member) as packed:
                while data := packed.read(MEMBER_BYTES):
                    unpacked.write(data)
        except _BROKEN as error:
            raise Flaw(f"its archive is broken: {error}"[:200]) from None
        unpacked.seek(0)
        with _opened(unpacked) as inner:
            _inspected(inner, unpacked, depth=depth)


def _member(archive: zipfile.ZipFile, name: str, *, whole: bool = True) -> bytes:
    try:
        member = archive.getinfo(name)
    except KeyError:
        raise Flaw(f"it has no {name!r}") from None
    if whole and member.file_size > MEMBER_BYTES:
        raise Flaw(f"its {name!r} is over {MEMBER_BYTES} bytes")
    return _read(archive, member, MEMBER_BYTES if whole else 1)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo, size: int) -> bytes:
    try:
        with archive.open(member) as packed:
            return packed.read(size)
    except _BROKEN as error:
        raise Flaw(f"its archive is broken: {error}"[:200]) from None

"""Files as people send them, good ones and ones made to do harm."""

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

from docx import Document
from fpdf import FPDF

OFFICE = "application/vnd.openxmlformats-officedocument"
PARTS = {
    ".docx": ("word/document.xml", f"{OFFICE}.wordprocessingml.document.main+xml"),
    ".xlsx": ("xl/workbook.xml", f"{OFFICE}.spreadsheetml.sheet.main+xml"),
    ".pptx": ("ppt/presentation.xml", f"{OFFICE}.presentationml.presentation.main+xml"),
}


def pdf(text: str = "A brief") -> bytes:
    made = FPDF()
    made.add_page()
    made.set_font("helvetica", size=12)
    made.cell(text=text)
    return bytes(made.output())


def docx(text: str = "A brief") -> bytes:
    """A document as a word processor writes it."""
    made, out = Document(), io.BytesIO()
    made.add_paragraph(text)
    made.save(out)
    return out.getvalue()


def archive(members: Mapping[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return out.getvalue()


def office(ending: str, **more: bytes) -> bytes:
    """The least that is an Office file; `more` by name, where `__` stands for a slash."""
    part, kind = PARTS[ending]
    types = f'<Types><Override PartName="/{part}" ContentType="{kind}"/></Types>'.encode()
    members = {"[Content_Types].xml": types, part: b"<x/>"}
    return archive(members | {name.replace("__", "/"): data for name, data in more.items()})


def odt(kind: bytes = b"application/vnd.oasis.opendocument.text", **more: bytes) -> bytes:
    members = {"mimetype": kind, "content.xml": b"<x/>"}
    return archive(members | {name.replace("__", "/"): data for name, data in more.items()})


def png(width: int = 4, height: int = 4) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    picture = zlib.compress(b"\0" * (min(width, 100) + 1) * min(height, 100))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", picture) + chunk(b"IEND", b"")


def jpeg(width: int = 4, height: int = 4) -> bytes:
    jfif = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\1\1\0\0\1\0\1\0\0"
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return (
        b"\xff\xd8" + jfif + frame + b"\xff\xda" + struct.pack(">H", 8) + b"\1\1\0\0\x3f\0" + b"\0" * 20 + b"\xff\xd9"
    )


def overlapping() -> bytes:
    """An archive whose members share one run of bytes: each costs its line in the list alone."""
    packed = archive({"a": b"\0" * 1_000_000})
    start = packed.index(b"PK\x01\x02")
    line, end = packed[start : packed.index(b"PK\x05\x06")], packed[packed.index(b"PK\x05\x06") :]
    lines = b"".join(line[:46] + bytes([number]) for number in range(97, 117))
    many = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 20, 20, len(lines), start, 0)
    assert len(end) == len(many)
    return packed[:start] + lines + many

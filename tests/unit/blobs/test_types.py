"""A file is taken as what its bytes are; one that denies its type, or would do harm when it is opened, is not."""

import io
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.blobs import build
from weft.blobs.flaws import Flaw
from weft.blobs.types import KINDS, TypeDenied, TypeNotTaken, agree, named, taken

GOOD = {
    "application/pdf": [build.pdf()],
    f"{build.OFFICE}.wordprocessingml.document": [build.docx(), build.office(".docx")],
    f"{build.OFFICE}.spreadsheetml.sheet": [build.office(".xlsx")],
    f"{build.OFFICE}.presentationml.presentation": [build.office(".pptx", ppt__embeddings__a=build.office(".xlsx"))],
    "application/vnd.oasis.opendocument.text": [build.odt()],
    "image/png": [build.png(), build.png(30_000, 3_333)],
    "image/jpeg": [build.jpeg(), build.jpeg() + b"behind the end"],
    "text/csv": [b"area,value\n4,1.5\n", "\ufeffcountry;v\r\nÅland;2\r\n".encode()],
    "text/plain": ["Нота\tо бедности\n".encode(), b"a\fb\n"],
}
DOCX = f"{build.OFFICE}.wordprocessingml.document"
PAIRS = [(kind, data) for kind, several in GOOD.items() for data in several]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


def denied(kind: str, data: bytes, file: Path) -> str:
    file.write_bytes(data)
    with pytest.raises(TypeDenied) as caught:
        agree(taken(kind), file)
    return caught.value.detail


def test_every_type_has_a_good_example() -> None:
    assert GOOD.keys() == KINDS.keys()


@pytest.mark.parametrize(("kind", "data"), PAIRS)
def test_a_file_that_is_what_it_says_is_taken(kind: str, data: bytes, file: Path) -> None:
    file.write_bytes(data)
    agree(taken(kind), file)


@pytest.mark.parametrize("said", KINDS)
def test_a_file_of_another_type_is_denied(said: str, file: Path) -> None:
    texts = {"text/csv", "text/plain"}
    for kind, data in PAIRS:
        if kind != said and not (said in texts and kind in texts):
            assert said in denied(said, data, file)


@pytest.mark.parametrize(("kind", "data"), [pair for pair in PAIRS if not pair[0].startswith("text/")])
def test_a_file_that_was_cut_short_is_denied(kind: str, data: bytes, file: Path) -> None:
    for size in {0, 1, 3, 4, 30, len(data) // 2, len(data) - 30}:
        denied(kind, data[: max(size, 0)], file)


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("application/pdf", b"MZ\x90\0" + build.pdf()),
        ("application/pdf", b"<html><script>" + build.pdf()),
        (DOCX, b"MZ\x90\0" + build.office(".docx")),
        (DOCX, build.office(".docx") + b"<script>"),
        ("image/png", build.png() + b"PK\x03\x04"),
        ("image/jpeg", b"GIF89a" + build.jpeg()),
        ("text/plain", b"\x7fELF\x02\x01\x01"),
        ("text/plain", "письмо".encode("utf-16")),
        ("text/csv", "caf\xe9".encode("latin-1")),
        ("text/csv", b"a,\x00b"),
        ("text/plain", b"good\n" * 300_000 + b"\xc3"),
        ("text/plain", b"\x1b[31mred"),
    ],
)
def test_what_is_two_things_or_no_text_is_denied(kind: str, data: bytes, file: Path) -> None:
    denied(kind, data, file)


def test_it_is_said_what_the_file_looks_like(file: Path) -> None:
    assert "Portable Network Graphics" in denied("application/pdf", build.png(), file)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (build.office(".docx", word__vbaProject_bin=b"x").replace(b"Project_bin", b"Project.bin"), "macros"),
        (build.archive({"[Content_Types].xml": b"x.macroEnabled.main+xml", "w": b""}), "made for macros"),
        (build.archive({"../../evil": b"", "[Content_Types].xml": b""}), "path"),
        (build.archive({"/evil": b""}), "path"),
        (build.archive({"..\\evil": b""}), "path"),
        (build.archive({"a": b"", "A": b""}), "twice"),
        (build.archive({"w": b"x"}, zipfile.ZIP_LZMA), "packed"),
        (build.archive({"w": b"x"}), "Content_Types"),
        (build.office(".xlsx"), "another type"),
        (build.archive({"zeros": b"\0" * 30_000_000}), "would come out"),
        (build.overlapping(), "over each other"),
        (build.office(".docx", word__a=build.office(".xlsx", xl__b=build.office(".docx"))), "archive in an archive"),
        (build.office(".docx", word__a=build.archive({"zeros": b"\0" * 30_000_000})), "would come out"),
        (build.archive({f"m{number}": b"" for number in range(10_001)}), "members"),
    ],
)
def test_an_office_file_that_is_a_bomb_or_carries_a_program_is_denied(data: bytes, why: str, file: Path) -> None:
    assert why in denied(DOCX, data, file)


@pytest.mark.parametrize("more", [{"Basic__Standard__Module1.xml": b"Sub"}, {"Scripts__python__a.py": b"import os"}])
def test_an_opendocument_file_with_macros_is_denied(more: dict[str, bytes], file: Path) -> None:
    assert "macros" in denied("application/vnd.oasis.opendocument.text", build.odt(**more), file)


def test_an_encrypted_office_file_is_denied(file: Path) -> None:
    data = bytearray(build.office(".docx"))
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert "encrypted" in denied(DOCX, bytes(data), file)


def test_a_list_of_members_that_would_fill_the_memory_is_not_read(file: Path) -> None:
    data = build.office(".docx")
    lines = b"PK\x01\x02" * 1_000_000
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 9, 9, len(lines), len(data), 0)
    began = time.perf_counter()
    assert "list of its members" in denied(DOCX, data + lines + end, file)
    assert time.perf_counter() - began < 0.5


@pytest.mark.parametrize("size", [(30_001, 1), (1, 30_001), (20_000, 20_000), (0, 4), (4, 0)])
@pytest.mark.parametrize(("kind", "make"), [("image/png", build.png), ("image/jpeg", build.jpeg)])
def test_a_picture_that_would_unpack_to_gigabytes_is_denied(
    kind: str, make: object, size: tuple[int, int], file: Path
) -> None:
    assert "pixels" in denied(kind, make(*size), file)  # type: ignore[operator]


@pytest.mark.parametrize(
    "said", ["", "application/zip", "text/html", "image/svg+xml", "application/octet-stream", "x" * 5000]
)
def test_a_type_that_is_not_on_the_list_is_not_taken(said: str) -> None:
    with pytest.raises(TypeNotTaken):
        taken(said)


def test_parameters_and_letter_case_of_a_type_make_no_difference() -> None:
    assert taken("Text/CSV; charset=utf-8") is KINDS["text/csv"]


@pytest.mark.parametrize("name", ["run.exe", "brief.pdf.exe", "pdf", "brief.docm", "brief"])
def test_a_name_whose_ending_says_another_type_is_denied(name: str) -> None:
    with pytest.raises(TypeDenied):
        named(KINDS["application/pdf"], name)
    named(KINDS["application/pdf"], "brief.PDF")


@given(st.sampled_from(PAIRS), st.data())
@settings(max_examples=200, deadline=None)
def test_whatever_bytes_come_the_answer_is_yes_or_no(pair: tuple[str, bytes], data: st.DataObject) -> None:
    """Flip bytes of good files: every check ends, with nothing but its own kind of no."""
    kind, good = pair
    broken = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        broken[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))

    try:
        KINDS[kind].check(io.BytesIO(bytes(broken)))
    except Flaw:
        return

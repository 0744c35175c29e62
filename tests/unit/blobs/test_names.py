"""Names: any system can save a file under one, and none leads anywhere else."""

import unicodedata
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft.blobs.names import NAME_BYTES, safe
from weft.problems import Invalid


@pytest.mark.parametrize(
    "name",
    [
        "brief.pdf",
        "Нота 2024.docx",
        "تقرير.pdf",
        "政策简报.odt",
        "a b (1).csv",
        "x" * 196 + ".pdf",
        "می‌خواهم.txt",
        "con-text.txt",
        "company.pdf",
    ],
)
def test_names_in_any_script_are_taken(name: str) -> None:
    assert safe(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "...", ".htaccess", "a.", "a ", " a", "a.pdf.", "a\u00a0"),
        *("../a.pdf", "a/b.pdf", "/etc/passwd", "..\\a.pdf", "C:a.pdf", "\\\\host\\a.pdf", "a.pdf:stream", "%2e%2e"),
        *("con", "CON.pdf", "nul.txt", "Aux.tar.gz", "com1.pdf", "LPT9.csv", "com¹.txt", "CONIN$", "con .pdf"),
        *("a\x00.pdf", "a\nb.pdf", "a\x7f.pdf", "a\x85b.pdf", "a\u2028b.pdf"),
        *("fdp.\u202eexe.pdf", "a\u2066b.pdf", "a\u200eb.pdf", "\ufeffa.pdf", "a\ue000.pdf", "a\ud800.pdf"),
        *('a"b.pdf', "a?b.pdf", "a*b.pdf", "a<b>.pdf", "a|b.pdf"),
        "x" * 201,
        "й" * 101,
    ],
)
def test_names_that_some_system_reads_otherwise_are_refused(name: str) -> None:
    with pytest.raises(Invalid, match="name:"):
        safe(name)


def test_two_spellings_of_a_name_are_one() -> None:
    assert safe("re\u0301sume\u0301.pdf") == safe("résumé.pdf") == "résumé.pdf"


@given(st.text(st.characters(), max_size=40) | st.text(st.sampled_from("./\\:conNUL1 \u202e\x00~$"), max_size=9))
def test_whatever_is_taken_is_one_plain_segment_everywhere(name: str) -> None:
    try:
        taken = safe(name)
    except Invalid:
        return
    assert safe(taken) == taken
    assert len(taken.encode()) <= NAME_BYTES
    assert PurePosixPath("/folder", taken).name == PureWindowsPath("C:\\folder", taken).name == taken
    assert not PureWindowsPath(taken).is_reserved()
    assert taken.isprintable() or "\u200c" in taken or "\u200d" in taken

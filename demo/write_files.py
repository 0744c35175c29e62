"""Writes the demo's files from its training sheets: PDF where the standard fonts have the script, DOCX elsewhere.

    python -m demo.write_files

Made byte for byte the same each time. Needs fpdf2 and python-docx, which the tests' environment has.
"""

import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml import OxmlElement
from fpdf import FPDF

HERE = Path(__file__).parent
MADE = datetime(2020, 11, 1, tzinfo=UTC)
IN_STANDARD_FONTS = {"en", "es", "fr"}
TYPOGRAPHIC = str.maketrans({"’": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
"""The standard fonts of PDF have Latin-1 alone."""


def pdf(document: dict[str, Any]) -> bytes:
    """The document as a PDF of a page or two."""
    page = FPDF(format="A4")
    page.set_creation_date(MADE)
    page.set_title(document["title"])
    page.set_lang(document["language"])
    page.set_margin(25)
    page.add_page()
    page.set_font("Helvetica", "B", 16)
    page.multi_cell(0, 8, document["title"].translate(TYPOGRAPHIC), new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", size=11)
    for paragraph in document["text"].split("\n\n"):
        page.ln(4)
        page.multi_cell(0, 6, paragraph.translate(TYPOGRAPHIC), new_x="LMARGIN", new_y="NEXT")
    return bytes(page.output())


def docx(document: dict[str, Any]) -> bytes:
    """The document for a word processor."""
    made = Document()
    properties = made.core_properties
    properties.title, properties.language = document["title"], document["language"]
    properties.author, properties.created, properties.modified = document["creator"][0], MADE, MADE
    lines = [made.add_heading(document["title"], level=1), *map(made.add_paragraph, document["text"].split("\n\n"))]
    if document["language"] == "ar":
        for line in lines:
            line.paragraph_format.element.get_or_add_pPr().append(OxmlElement("w:bidi"))
            for run in line.runs:
                run.font.rtl = True
    packed = io.BytesIO()
    made.save(packed)
    return _without_times(packed.getvalue())


def _without_times(packed: bytes) -> bytes:
    """The same archive, its members dated alike."""
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), old.read(name), zipfile.ZIP_DEFLATED)
    return again.getvalue()


def main() -> None:
    """Write a file beside each training sheet's commission."""
    for listing in sorted(HERE.glob("*/documents.ndjson")):
        for document in map(json.loads, listing.read_text(encoding="utf-8").splitlines()):
            if document["type"] != "training-material":
                continue
            ending, write = ("pdf", pdf) if document["language"] in IN_STANDARD_FONTS else ("docx", docx)
            place = listing.parent / "files" / f"{document['id']}.{ending}"
            place.parent.mkdir(exist_ok=True)
            place.write_bytes(write(document))


if __name__ == "__main__":
    main()

"""How a document lies in a tantivy index: its terms in fields by language, and beside them all that is shown."""

import re

import msgspec
import tantivy

from services.search.engine import analysis
from services.search.engine.interface import DRAFT, Upsert, Visibility

# Raise when fields or analysis change: an index of another number is built anew.
FORMAT = 2

PARTS = ("title", "description", "text")
# A filter's name, and where in the document its values are.
FACETS = {
    "origin": "origin",
    "theme": "themes",
    "group": "groups",
    "country": "countries",
    "language": "language",
    "type": "type",
}

_TERMS = "terms"  # the tokenizer for terms that analysis made already: they are parted by spaces
_LONGEST_VALUE = 256

_decode = msgspec.msgpack.Decoder(Upsert).decode
_encode = msgspec.msgpack.Encoder().encode
_ISSUED = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


# Whose eyes see which states.
STATES = {
    Visibility.PUBLIC: ("public",),
    Visibility.STAFF: ("public", "restricted"),
    Visibility.EDITORS: ("public", "restricted", "draft"),
}


def field(part: str, language: str) -> str:
    """The field with a part's words in one language."""
    return f"{part}_{language}"


def build() -> tantivy.Schema:
    """The fields."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("version", stored=True, fast=True)
    builder.add_text_field("state", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("date", fast=True)
    for name in FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for part in PARTS:
        for language in analysis.ANALYSES:
            builder.add_text_field(field(part, language), tokenizer_name=_TERMS, index_option="position")
    builder.add_bytes_field("document", stored=True, indexed=False)
    return builder.build()


def register(index: tantivy.Index) -> None:
    """Make the tokenizer known to an index: tantivy forgets it between openings."""
    index.register_tokenizer(_TERMS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


def lay(document: Upsert) -> tantivy.Document:
    """A document as its fields."""
    laid = tantivy.Document()
    laid.add_text("key", document.key)
    laid.add_unsigned("version", document.version)
    laid.add_text("state", state(document))
    laid.add_unsigned("date", date(document))
    for name, attribute in FACETS.items():
        values = getattr(document, attribute)
        for value in (values,) if isinstance(values, str) else dict.fromkeys(values):
            laid.add_text(name, facet_value(name, value))
    language = analysis.analysis_of(document.language)
    for part in PARTS:
        words = getattr(document, part)
        if part == "description" and document.subject:
            words = "\n".join((words, *document.subject))
        if words:
            laid.add_text(field(part, language), " ".join(analysis.terms(language, words)))
    laid.add_bytes("document", _encode(document))
    return laid


def state(document: Upsert) -> str:
    """Who may see it, as one word; a draft is for editors whatever else is said of it."""
    if document.status == DRAFT:
        return "draft"
    return "public" if document.public else "restricted"


def lay_removal(key: str, version: int) -> tantivy.Document:
    """What stays of a removed document: the version below which it must not come back."""
    laid = tantivy.Document()
    laid.add_text("key", key)
    laid.add_unsigned("version", version)
    laid.add_text("state", "removed")
    return laid


def read(laid: tantivy.Document) -> Upsert:
    """The document that was laid."""
    return _decode(bytes(laid["document"][0]))


def facet_value(name: str, value: str) -> str:
    """A value as it is counted and filtered by: languages without their region or script."""
    return analysis.primary_of(value) if name == "language" else value[:_LONGEST_VALUE]


def date(document: Upsert) -> int:
    """When it was issued as YYYYMMDD, as far as that is known; else when it was last changed."""
    found = _ISSUED.match(document.issued or "") or _ISSUED.match(document.updated_at)
    return int("".join((part or "00") for part in found.groups())) if found else 0

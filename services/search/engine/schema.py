"""A document as tantivy keeps it: the fields of its form, and beside them all that is shown."""

import msgspec
import tantivy

from services.search.engine import analysis, form
from services.search.engine.interface import Upsert

_TERMS = "terms"  # the tokenizer for terms that analysis made already: they are parted by spaces

_decode = msgspec.msgpack.Decoder(Upsert).decode
_encode = msgspec.msgpack.Encoder().encode


def build() -> tantivy.Schema:
    """The fields."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("key", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("version", stored=True, fast=True)
    builder.add_text_field("state", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("date", fast=True)
    for name in form.FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for part in form.PARTS:
        for language in analysis.ANALYSES:
            builder.add_text_field(form.field(part, language), tokenizer_name=_TERMS, index_option="position")
    builder.add_bytes_field("document", stored=True, indexed=False)
    return builder.build()


def register(index: tantivy.Index) -> None:
    """Make the tokenizer known to an index: tantivy forgets it between openings."""
    index.register_tokenizer(_TERMS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())


def lay(document: Upsert) -> tantivy.Document:
    """A document as its fields."""
    laid, made = form.lay(document), tantivy.Document()
    made.add_text("key", document.key)
    made.add_unsigned("version", document.version)
    made.add_text("state", laid.state)
    made.add_unsigned("date", laid.date)
    for name, values in laid.values.items():
        for value in values:
            made.add_text(name, value)
    for name, words in laid.words.items():
        made.add_text(name, words)
    made.add_bytes("document", _encode(document))
    return made


def lay_removal(key: str, version: int) -> tantivy.Document:
    """What stays of a removed document."""
    made = tantivy.Document()
    made.add_text("key", key)
    made.add_unsigned("version", version)
    made.add_text("state", form.REMOVED)
    return made


def read(laid: tantivy.Document) -> Upsert:
    """The document that was laid."""
    return _decode(bytes(laid["document"][0]))

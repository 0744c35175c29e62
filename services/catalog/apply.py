"""Applying feeds: what peers publish becomes documents that are shown here."""

from services.catalog import rows
from weft.records import documents
from weft.records.projection import Projection

DOCUMENTS = Projection(documents.KIND, read=documents.read, put=rows.show, forget=rows.hide)

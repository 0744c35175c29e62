"""Who sees which documents."""

from sqlalchemy import ColumnElement, true

from services.catalog.models import DocumentRow
from weft.database.statements import table
from weft.records.documents import DRAFT
from weft.records.sight import Sight

_document = table(DocumentRow)


def visible(sight: Sight) -> ColumnElement[bool]:
    """What must hold of a row for it to be seen: drafts are for editors."""
    if sight is Sight.EDITORS:
        return true()
    published = _document.c.status != DRAFT
    return published if sight is Sight.STAFF else published & _document.c.public

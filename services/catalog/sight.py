"""Who sees which documents. What one may not see is answered like what is not there."""

from enum import Enum

from sqlalchemy import ColumnElement, true

from services.catalog.models import DocumentRow
from services.catalog.schemas import DRAFT
from weft.database.statements import table
from weft.identity import Caller, Role

_document = table(DocumentRow)


class Sight(Enum):
    """How much of the catalog a caller sees. Peers read feeds, not this: here they are anybody."""

    PUBLIC = "what the whole network may have, once it is published"
    STAFF = "also what is for this node alone, or for some peers"
    EDITORS = "also drafts, and who may have each own document"

    @classmethod
    def of(cls, caller: Caller) -> "Sight":
        if caller.may(Role.EDITOR):
            return cls.EDITORS
        return cls.STAFF if caller.may(Role.READER) else cls.PUBLIC


def visible(sight: Sight) -> ColumnElement[bool]:
    """What must hold of a row for it to be seen."""
    if sight is Sight.EDITORS:
        return true()
    published = _document.c.status != DRAFT
    return published if sight is Sight.STAFF else published & _document.c.public

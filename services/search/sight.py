"""Who sees which documents, here as in the catalog. What one may not see is not found, not counted and not suggested."""

from sqlalchemy import ColumnElement, true

from services.search.engine.interface import Visibility
from services.search.models import IndexedRow
from weft.database.statements import table
from weft.identity import Caller, Role

_indexed = table(IndexedRow)


def sight_of(caller: Caller) -> Visibility:
    """Editors see drafts; readers what is published, for this node alone too; others what the network may have."""
    if caller.may(Role.EDITOR):
        return Visibility.EDITORS
    return Visibility.STAFF if caller.may(Role.READER) else Visibility.PUBLIC


def visible(sight: Visibility) -> ColumnElement[bool]:
    """What must hold of a row for it to be seen; the index has the same in `schema.STATES`."""
    if sight is Visibility.EDITORS:
        return true()
    return ~_indexed.c.draft if sight is Visibility.STAFF else ~_indexed.c.draft & _indexed.c.public

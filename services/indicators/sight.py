"""Who sees which series. What one may not see is answered like what is not there."""

from enum import Enum

from sqlalchemy import ColumnElement, true

from services.indicators.models import SeriesRow
from weft.database.statements import table
from weft.identity import Caller, Role

_series = table(SeriesRow)


class Sight(Enum):
    """How much a caller sees. Peers read feeds, not this: here they are anybody."""

    PUBLIC = "what the whole network may have"
    STAFF = "also what is for this node alone, or for some peers"
    EDITORS = "also who may have each own series"

    @classmethod
    def of(cls, caller: Caller) -> "Sight":
        if caller.may(Role.EDITOR):
            return cls.EDITORS
        return cls.STAFF if caller.may(Role.READER) else cls.PUBLIC


def visible(sight: Sight) -> ColumnElement[bool]:
    """What must hold of a row for it to be seen."""
    return _series.c.public if sight is Sight.PUBLIC else true()

"""Who sees which series."""

from sqlalchemy import ColumnElement, true

from services.indicators.models import SeriesRow
from weft.database.statements import table
from weft.records.sight import Sight

_series = table(SeriesRow)


def visible(sight: Sight) -> ColumnElement[bool]:
    """What must hold of a row for it to be seen."""
    return _series.c.public if sight is Sight.PUBLIC else true()

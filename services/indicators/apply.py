"""Applying feeds: what peers publish becomes series that are shown here."""

from typing import Any

from pydantic import ValidationError

from services.indicators import rows
from services.indicators.schemas import KIND, Series
from weft.records import flaws, wire
from weft.records.projection import Projection


def read(body: bytes) -> dict[str, Any]:
    """The series in a body that came by a feed, with the fields that are not known here.

    Raises:
        Malformed, Invalid: it is none.
    """
    series = wire.read(body)
    try:
        Series.model_validate(series)
    except ValidationError as error:
        raise flaws.refused(error, KIND, Series.model_fields) from None
    return series


SERIES = Projection(KIND, read=read, put=rows.show, forget=rows.hide)

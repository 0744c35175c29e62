"""All kinds of records that the indicators service keeps; series, whose tables and routes are their own, among them."""

from services.indicators.apply import SERIES
from services.indicators.official import load
from services.indicators.official.records import KINDS as OFFICIAL
from services.indicators.schemas import KIND as SERIES_KIND
from services.indicators.store import OURS, TAKEDOWNS
from weft.records.collection import Collection

KINDS = Collection(
    *OFFICIAL,
    projections={SERIES_KIND: SERIES, TAKEDOWNS.kind: TAKEDOWNS.projection},
    follow=[OURS.follow, TAKEDOWNS.own.follow, load.follow],
)

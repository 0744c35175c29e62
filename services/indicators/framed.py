"""What targets and indicators are found by alike: where they stand in a framework, whom they are for, what they descend from."""

from services.indicators.words import Status
from weft.records.listings import Filters
from weft.records.words import RecordKey, Slug


class FramedFilters(Filters):
    """Which of them are asked for."""

    framework: RecordKey | None = None
    goal: RecordKey | None = None
    theme: Slug | None = None
    group: Slug | None = None
    status: Status | None = None
    complements: RecordKey | None = None
    adapts: RecordKey | None = None
    replaces: RecordKey | None = None

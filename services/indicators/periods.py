"""Time periods in the forms of SDMX: 2015, 2015-S1, 2015-Q1, 2015-01, 2015-W01, 2015-01-31. Not moments in time."""

import re
from calendar import monthrange
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

# Ascii digits only: `\d` would let other scripts' digits pass, which no reader of SDMX expects.
_YEAR: Final = "[12][0-9]{3}"
_MONTH: Final = "(?:0[1-9]|1[0-2])"

FORMS: Final = {
    "A": re.compile(_YEAR),
    "S": re.compile(f"{_YEAR}-S[12]"),
    "Q": re.compile(f"{_YEAR}-Q[1-4]"),
    "M": re.compile(f"{_YEAR}-{_MONTH}"),
    "W": re.compile(f"{_YEAR}-W(?:0[1-9]|[1-4][0-9]|5[0-3])"),
    "D": re.compile(f"{_YEAR}-{_MONTH}-(?:0[1-9]|[12][0-9]|3[01])"),
}
"""By frequency. Within one frequency the order of the texts is the order of the periods."""


@lru_cache(4096)
def fits(period: str, frequency: str) -> bool:
    """Whether that period exists (no 30 February, no week 53 in a short year) and has the form of the frequency."""
    form = FORMS.get(frequency)
    if form is None or not form.fullmatch(period):
        return False
    try:
        if frequency == "D":
            date.fromisoformat(period)
        elif frequency == "W":
            date.fromisocalendar(int(period[:4]), int(period[-2:]), 1)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=4096)
def span(period: str) -> tuple[date, date]:
    """The first and the last day of a period of any form.

    Raises:
        ValueError: there is no such period.
    """
    frequency = next((frequency for frequency in FORMS if fits(period, frequency)), None)
    year = int(period[:4]) if frequency else 0
    match frequency:
        case "A":
            return date(year, 1, 1), date(year, 12, 31)
        case "S" | "Q" | "M":
            length = {"S": 6, "Q": 3, "M": 1}[frequency]
            part = int(period[5:].lstrip("SQ"))
            last = part * length
            return date(year, last - length + 1, 1), date(year, last, monthrange(year, last)[1])
        case "W":
            monday = date.fromisocalendar(year, int(period[-2:]), 1)
            return monday, monday + timedelta(days=6)
        case "D":
            day = date.fromisoformat(period)
            return day, day
    raise ValueError(f"{period[:20]!r} is no period such as 2015, 2015-S1, 2015-Q1, 2015-01, 2015-W01 or 2015-01-31")

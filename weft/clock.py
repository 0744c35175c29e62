"""Times as Weft writes them: UTC, ISO 8601, milliseconds. They inform people; nothing is decided by them."""

from datetime import UTC, datetime


def utc_now() -> str:
    return stamp(datetime.now(UTC))


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"

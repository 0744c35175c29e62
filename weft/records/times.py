"""Moments in the bodies of records, in UTC."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, StringConstraints


def _time(text: str) -> str:
    datetime.fromisoformat(text)
    return text


Time = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$"),
    AfterValidator(_time),
]

TIMES_BYTES = 128
"""What the node's own times add to a body at most."""

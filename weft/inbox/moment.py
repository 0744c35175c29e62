"""The moment of applying, given as a value so that a simulation can decide it."""

from typing import NamedTuple


class Moment(NamedTuple):
    """`now` is for lines that people read, `seconds` for the guard's sliding day.

    `head_sequence` is the origin's signed head at serving: by it a missing body must have been superseded (rule 7).
    """

    now: str
    seconds: float
    head_sequence: int = 0

"""Numbers as decimal strings: plain, exact and bounded. No arithmetic here, and never a float."""

import re
from decimal import Decimal
from typing import Final

MAX_DIGITS: Final = 40

_PLAIN: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,19})(?:\.[0-9]{1,20})?")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


def plain(text: str) -> str:
    """The same number without exponent, plus sign, leading zeros or a negative zero. Trailing zeros stay.

    Raises:
        ValueError: it is no number, not finite, or longer than 40 digits.
    """
    if _PLAIN.fullmatch(text) and (text[0] != "-" or text.strip("-0.")):
        return text
    if len(text) > 2 * MAX_DIGITS or not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:50]!r} is not a decimal number: write digits with a point, such as 12.5")
    number = Decimal(text)
    written = f"{number.copy_abs():f}" if number.is_zero() else f"{number:f}"
    if sum(character.isdigit() for character in written) > MAX_DIGITS:
        raise ValueError(f"a number has at most {MAX_DIGITS} digits when written in full")
    return written

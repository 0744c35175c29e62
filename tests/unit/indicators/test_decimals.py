from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.indicators.decimals import MAX_DIGITS, plain


@pytest.mark.parametrize(
    ("written", "kept"),
    [("34.20", "34.20"), ("+5", "5"), ("007", "7"), (".5", "0.5"), ("5.", "5"), ("1e3", "1000"), ("1.5E-3", "0.0015"),
     ("-0", "0"), ("-0.00", "0.00"), ("0", "0"), ("-12.5", "-12.5"), ("-0.5", "-0.5")],
)  # fmt: skip
def test_a_number_is_kept_plain_with_its_precision(written, kept):
    assert plain(written) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "Infinity",
        "-inf",
        "1,5",
        "1 000",
        "1_000",
        "0x1F",
        "١٢",
        "½",
        "--1",
        "1e",
        "1e999",
        "1e-999",
        ".",
        "1" * 41,
        "9" * 10**5,
    ],
)
def test_what_is_no_finite_bounded_decimal_is_refused(text):
    with pytest.raises(ValueError, match=r"decimal number|digits"):
        plain(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**19), max_value=10**19, places=12))
def test_the_value_never_changes_and_writing_it_again_changes_nothing(number):
    for text in (str(number), f"{number:e}", f"{number:f}"):
        kept = plain(text)
        assert Decimal(kept) == number
        assert plain(kept) == kept


@given(st.text(max_size=60))
def test_any_text_is_either_refused_or_becomes_a_bounded_plain_number(text):
    try:
        kept = plain(text)
    except ValueError:
        return
    assert kept.isascii()
    assert set(kept) <= set("-.0123456789")
    assert sum(map(str.isdigit, kept)) <= MAX_DIGITS

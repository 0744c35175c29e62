from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.indicators.periods import FORMS, fits


@pytest.mark.parametrize(
    ("period", "frequency"),
    [("2015", "A"), ("1000", "A"), ("2999", "A"), ("2015-S1", "S"), ("2015-Q4", "Q"), ("2015-12", "M"), ("2015-W53", "W"),
     ("2016-02-29", "D")],
)  # fmt: skip
def test_a_period_fits_its_own_frequency_and_no_other(period, frequency):
    assert [other for other in FORMS if fits(period, other)] == [frequency]


@pytest.mark.parametrize(
    "period",
    ["", "0999", "3000", "99999", "15", "2015-Q5", "2015-Q0", "2015-S3", "2015-13", "2015-00", "2016-W53", "2015-W00",
     "2015-02-29", "2015-04-31", "2015-1", " 2015", "2015\n", "٢٠١٥", "2015-01-31T00:00:00"],
)  # fmt: skip
def test_what_does_not_exist_fits_no_frequency(period):
    assert not any(fits(period, frequency) for frequency in FORMS)


def test_an_unknown_frequency_fits_nothing():
    assert not fits("2015", "_T")


@given(st.dates(date(1000, 1, 1), date(2999, 12, 31)), st.dates(date(1000, 1, 1), date(2999, 12, 31)))
def test_days_and_weeks_sort_as_texts_in_the_order_of_time(one, other):
    assert (one < other) == (one.isoformat() < other.isoformat())
    assert fits(one.isoformat(), "D")
    weeks = [f"{day.isocalendar().year}-W{day.isocalendar().week:02}" for day in (one, other)]
    assert fits(weeks[0], "W") == (1000 <= one.isocalendar().year <= 2999)
    if weeks[0] != weeks[1]:
        assert (weeks[0] < weeks[1]) == (one < other)

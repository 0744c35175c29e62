"""Hypothesis strategies for series and their parts. Not for any one test."""

from hypothesis import strategies as st

from services.indicators.dimensions import DIMENSIONS
from weft.areas import areas

M49 = [area.m49 for area in areas()]

codes = st.text("ABCDEFGMRTUQYabcf0149_@$-", min_size=1, max_size=64)
numbers = st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12).map(
    lambda number: f"{number:f}"
)
texts = st.text(
    st.characters(
        exclude_categories=("Cc", "Cs"), exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    ),
    min_size=1,
    max_size=40,
) | st.sampled_from(["=1+1", "+A1", "-x", "@SUM", "'=1", "''", 'a "b", c', "two\nlines", "\tx", "-5", "'-5"])

breakdowns = st.dictionaries(
    st.sampled_from(DIMENSIONS[4:]), codes | st.sampled_from(["_T", "F", "M", "U", "Y0T4", "Q1"])
)
keys = st.builds(
    lambda series, area, others: {"FREQ": "A", "REPORTING_TYPE": "G", "SERIES": series, "REF_AREA": area, **others},
    codes.filter(lambda code: code != "_T") | st.sampled_from(["SH_DYN_MORT", "IT_USE_ii99", "IT_USE_II99"]),
    st.sampled_from(M49),
    breakdowns,
)


@st.composite
def observations(draw: st.DrawFn) -> dict[str, list[str | None]]:
    years = sorted(draw(st.sets(st.integers(1000, 2999), min_size=1, max_size=12)))
    column = lambda cells: st.lists(st.none() | cells, min_size=len(years), max_size=len(years))  # noqa: E731 - a short word here
    return {
        "TIME_PERIOD": [str(year) for year in years],
        "OBS_VALUE": draw(column(numbers)),
        "OBS_STATUS": draw(column(codes)),
        "COMMENT_OBS": draw(column(texts)),
        "UPPER_BOUND": draw(column(numbers)),
    }


series = st.fixed_dictionaries(
    {
        "dimensions": keys,
        "attributes": st.dictionaries(st.sampled_from(["UNIT_MEASURE", "SOURCE_DETAIL", "COMMENT_TS"]), texts),
        "title": st.just({}),
        "observations": observations(),
    }
)

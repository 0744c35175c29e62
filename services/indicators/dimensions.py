"""The data structure of a series: SDG dimensions and attributes, in the UN's SDMX-CSV order. Not their codes."""

import re
from typing import Final

TOTAL: Final = "_T"

DIMENSIONS: Final = (
    "FREQ",
    "REPORTING_TYPE",
    "SERIES",
    "REF_AREA",
    "SEX",
    "AGE",
    "URBANISATION",
    "INCOME_WEALTH_QUANTILE",
    "EDUCATION_LEV",
    "OCCUPATION",
    "CUST_BREAKDOWN",
    "COMPOSITE_BREAKDOWN",
    "DISABILITY_STATUS",
    "ACTIVITY",
    "PRODUCT",
)
"""What tells one series from another; TIME_PERIOD then tells one observation from another."""

REQUIRED_DIMENSIONS: Final = DIMENSIONS[:4]
"""No total exists of these: a series must name them."""

OBSERVATION_COLUMNS: Final = (
    "TIME_PERIOD",
    "OBS_VALUE",
    "OBS_STATUS",
    "NATURE",
    "TIME_DETAIL",
    "COMMENT_OBS",
    "TIME_COVERAGE",
    "UPPER_BOUND",
    "LOWER_BOUND",
)
"""What each observation has a value of, or none."""

SERIES_ATTRIBUTES: Final = (
    "UNIT_MULT",
    "UNIT_MEASURE",
    "BASE_PER",
    "SOURCE_DETAIL",
    "COMMENT_TS",
    "GEO_INFO_URL",
    "GEO_INFO_TYPE",
    "CUST_BREAKDOWN_LB",
    "DATA_LAST_UPDATE",
)
"""What holds for all observations of a series."""

CSV_COLUMNS: Final = (
    "DATAFLOW",
    *DIMENSIONS,
    "TIME_PERIOD",
    "OBS_VALUE",
    "OBS_STATUS",
    "UNIT_MULT",
    "UNIT_MEASURE",
    "BASE_PER",
    "NATURE",
    "TIME_DETAIL",
    "COMMENT_OBS",
    "TIME_COVERAGE",
    "UPPER_BOUND",
    "LOWER_BOUND",
    "SOURCE_DETAIL",
    "COMMENT_TS",
    "GEO_INFO_URL",
    "GEO_INFO_TYPE",
    "CUST_BREAKDOWN_LB",
    "DATA_LAST_UPDATE",
)
"""The columns of SDMX-CSV 1.0 as the UN writes them."""

PROVENANCE_COLUMNS: Final = ("ORIGIN", "RECORD", "VERSION")
"""What this network adds after them: whose record a line is of, which, and at which version."""

DATAFLOW: Final = "IAEG-SDGs:DF_SDG_GLH(1.24)"

CODE: Final = re.compile(r"[A-Za-z0-9_@$-]{1,64}")
"""What SDMX allows in a code, and as much of it as any list needs."""


def complete(dimensions: dict[str, str]) -> dict[str, str]:
    """All fifteen in their order; one that is not named is the total."""
    return {name: dimensions.get(name, TOTAL) for name in DIMENSIONS}

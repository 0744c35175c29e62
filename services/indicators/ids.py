"""The record id of a series, made from its dimensions alone. Nothing here reads an id back."""

import hashlib
import re
from typing import Final

from services.indicators.dimensions import DIMENSIONS, TOTAL, complete

MAX_LENGTH: Final = 128

# A code that can only be of its dimension stands alone in the id; any other is preceded by its dimension's tag and "-".
# The patterns exclude each other and contain no "-", so no two keys are written alike.
_SPEAKS_FOR_ITSELF: Final = {
    "SEX": re.compile("[FM]"),
    "AGE": re.compile("[YM][0-9]+(T[0-9]+)?|[YM]_GE[0-9]+"),
    "URBANISATION": re.compile("[UR]"),
    "INCOME_WEALTH_QUANTILE": re.compile("Q[1-5]|B[0-9]+"),
    "EDUCATION_LEV": re.compile("ISCED11_[0-9_]+"),
    "OCCUPATION": re.compile("ISCO(08|88)_[0-9_]+"),
    "DISABILITY_STATUS": re.compile("PW?D"),
    "ACTIVITY": re.compile("ISIC4_[A-Z0-9_]+"),
}
_IMPLIED: Final = {"FREQ": "A", "REPORTING_TYPE": "G"}
_LOWERABLE: Final = re.compile("[A-Z0-9_]+")


def series_id(dimensions: dict[str, str]) -> str:
    """One id per key, the same everywhere: `sh_dyn_mort.818.f.y0t4` where it can be read so, else with the key's hash.

    A key is hashed when lower case would lose something of it, or when the id would be too long. ".-" stands before
    a hash and never elsewhere.
    """
    key = complete(dimensions)
    readable = ".".join(_segments(key))
    if all(map(_LOWERABLE.fullmatch, key.values())) and len(readable) <= MAX_LENGTH:
        return readable
    exact = "\x1f".join(key[name] for name in DIMENSIONS)
    start = re.sub("[^a-z0-9_]", "_", f"{key['SERIES']}.{key['REF_AREA']}".lower())[:80]
    return f"{start}.-{hashlib.sha256(exact.encode()).hexdigest()[:40]}"


def _segments(key: dict[str, str]) -> list[str]:
    segments = [key["SERIES"].lower(), key["REF_AREA"].lower()]
    for name in DIMENSIONS:
        code = key[name]
        if name in ("SERIES", "REF_AREA") or code == _IMPLIED.get(name, TOTAL):
            continue
        alone = _SPEAKS_FOR_ITSELF.get(name)
        tag = "" if alone is not None and alone.fullmatch(code) else name.split("_")[0].lower() + "-"
        segments.append(tag + code.lower())
    return segments

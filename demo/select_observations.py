"""Selects the demo's observations from the UNSD database: `python -m demo.select_observations FOLDER`. No node runs it.

FOLDER holds `observations.csv.gz` and `series.csv` of the Global SDG Indicators Database. The same input makes the same bytes.
"""

import csv
import gzip
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from services.indicators import sdmxcsv, unsd
from services.indicators.ids import series_id
from services.indicators.tables import Report
from weft.areas import COMMISSIONS, members

HERE: Final = Path(__file__).parent
SOURCE: Final = "UNSD, Global SDG Indicators Database, October 2020"
FIRST_YEAR: Final = "2000"
MOST_RECORDS: Final = 2_560

# Subject, series, and its breakdowns as the end of their record ids. "|" parts them by importance: every series' first part
# is taken before any second, as long as the commission's records stay below the bound. The first parts hold all that the
# demo's briefs speak of.
CHOSEN: Final = (
    ("health", "SH_DYN_MORT", "y0t4 | f.y0t4 m.y0t4"),
    ("health", "SH_STA_MMR", "total"),
    ("health", "SH_STA_BRTC", "total"),
    ("health", "SH_HIV_INCD", "y15t49 | f.y15t49 m.y15t49 | f.y15t24 m.y15t24 | y15t24 total | f m"),
    ("health", "SH_DTH_NCOM", "y30t70 f.y30t70 m.y30t70"),
    ("health", "SH_PRV_SMOK", "f.y_ge15 m.y_ge15 | y_ge15"),
    ("health", "SH_STA_SCIDE", "f m | total"),
    ("health", "SH_ACS_UNHC", "total"),
    ("health", "SH_STA_STUNT", "y0t4"),
    ("gender", "SG_GEN_PARL", "f"),
    ("gender", "IC_GEN_MGTL", "f"),
    ("gender", "SP_DYN_MRBF18", "f.y20t24"),
    (
        "gender",
        "SL_DOM_TSPD",
        "f.y_ge15 m.y_ge15 f.y_ge15.r m.y_ge15.r f.y25t44 | f.y_ge15.u m.y_ge15.u | f.y_ge65 m.y_ge65",
    ),
    ("gender", "VC_VAW_MARR", "f.y15t49 f.y20t24 f.y45t49 | f.y15t19 | f.y25t29 f.y30t34 f.y35t39 f.y40t44"),
    ("gender", "SH_STA_FGMS", "f.y15t49 | f.y15t19"),
    ("gender", "IT_MOB_OWN", "f m | total"),
    (
        "education",
        "SE_TOT_CPLR",
        """isced11_2 f.q1.isced11_2 m.q1.isced11_2 f.q5.isced11_2 m.q5.isced11_2 f.u.isced11_2 f.r.isced11_2
        | q1.isced11_2 q5.isced11_2 | f.isced11_2 m.isced11_2 m.u.isced11_2 m.r.isced11_2 | u.isced11_2 r.isced11_2
        | isced11_1 isced11_3 | f.isced11_3 m.isced11_3 q1.isced11_3 q5.isced11_3""",
    ),
    ("education", "SE_PRE_PARTN", "total | f m"),
    ("education", "SE_LGP_ACHI", "isced11_2.composite-tos_skill_math isced11_2.composite-tos_skill_read"),
    ("education", "SE_ADT_ACTS", "composite-tos_eprs | f.composite-tos_eprs m.composite-tos_eprs"),
    ("poverty", "SI_POV_DAY1", "total"),
    ("poverty", "SI_POV_NAHC", "total u r"),
    ("poverty", "SI_POV_EMP1", "y_ge15 | f.y_ge15 m.y_ge15 | f.y15t24 m.y15t24 | y15t24 y_ge25"),
    ("poverty", "SI_COV_PENSN", "total f m"),
    ("poverty", "SP_ACS_BSRVH2O", "u r | total"),
    ("poverty", "SP_ACS_BSRVSAN", "u r | total"),
    ("poverty", "SH_SAN_DEFECT", "u r | total"),
    ("poverty", "SN_ITK_DEFC", "total"),
    ("population", "SP_DYN_ADKL", "f.y15t19"),
    ("population", "SH_FPL_MTMM", "f.y15t49"),
    ("population", "SG_REG_BRTH", "y0t4"),
    ("population", "SM_POP_REFG_OR", "total"),
    ("exclusion", "SL_TLF_NEET", "f.y15t24 m.y15t24 | y15t24"),
    ("exclusion", "SL_TLF_UEM", "f.y_ge15 m.y_ge15 | f.y15t24 m.y15t24 | f.y_ge25 m.y_ge25 | y_ge15 y15t24 y_ge25"),
    ("exclusion", "SL_TLF_UEMDIS", "pd pwd f.pd m.pd | f.pwd m.pwd"),
    (
        "exclusion",
        "SL_ISV_IFEM",
        "total | f m | activity-nonagr | f.activity-nonagr m.activity-nonagr | f.isic4_a m.isic4_a",
    ),
    ("exclusion", "SI_COV_DISAB", "total | f m"),
    ("exclusion", "EN_LND_SLUM", "total"),
    (
        "exclusion",
        "VC_VOV_GDSD",
        """composite-god_ethcollan f.composite-god_all.pd f.composite-god_all.pwd f.composite-god_dishea.pd
        f.composite-god_dishea.pwd f.composite-god_age.pd f.composite-god_age.pwd f.composite-god_ethcollan.pd
        f.composite-god_ethcollan.pwd""",
    ),
    (
        "exclusion",
        "SL_EMP_INJUR",
        """composite-ms_noneumigrant composite-ms_nomigrant f.composite-ms_noneumigrant m.composite-ms_noneumigrant
        | f.composite-ms_nomigrant m.composite-ms_nomigrant""",
    ),
)

ESTIMATED: Final = {("escwa", "SH_STA_STUNT", "818"), ("escap", "IC_GEN_MGTL", "398")}
"""What a commission shows its own figures for, in estimates.csv, while the other to which the country belongs shows these."""

Series = dict[str, Any]


def main(folder: Path) -> None:
    """Write the five files and the list of series, and tell how many records each commission has."""
    with (folder / "series.csv").open(encoding="utf-8-sig", newline="") as file:
        described = {row["SeriesCode"]: row for row in csv.DictReader(file)}
    _write_series(described)
    found = _find(folder / "observations.csv.gz", {code: row["Description"] for code, row in described.items()})
    for commission in COMMISSIONS:
        chosen = [
            one
            for one in _choose(found, {area.m49 for area in members(commission)})
            if (commission, one["dimensions"]["SERIES"], one["dimensions"]["REF_AREA"]) not in ESTIMATED
        ]
        path = HERE / commission / "observations.csv.gz"
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as compressed, gzip.GzipFile("", "wb", 9, compressed, mtime=0) as out:
            out.writelines(sdmxcsv.write(chosen))
        observations = sum(len(one["observations"]["TIME_PERIOD"]) for one in chosen)
        sys.stdout.write(
            f"{commission}: {len(chosen)} series, {observations} observations, {path.stat().st_size} bytes\n"
        )


def _find(path: Path, titles: Mapping[str, str]) -> dict[tuple[str, str], dict[str, Series]]:
    """By series code and breakdown, each area's series since 2000."""
    areas = {area.m49 for commission in COMMISSIONS for area in members(commission)}
    selection = unsd.Selection(titles=titles, areas=areas, codes={code for _, code, _ in CHOSEN}, source=SOURCE)
    found: dict[tuple[str, str], dict[str, Series]] = {}
    with path.open("rb") as file:
        for one in unsd.read(file, Report(), selection):
            if recent := _since_first_year(one):
                dimensions = one["dimensions"]
                breakdown = ".".join(series_id(dimensions).split(".")[2:]) or "total"
                found.setdefault((dimensions["SERIES"], breakdown), {})[dimensions["REF_AREA"]] = recent
    return found


def _since_first_year(one: Series) -> Series | None:
    columns = one["observations"]
    start = sum(period < FIRST_YEAR for period in columns["TIME_PERIOD"])
    recent = {name: column[start:] for name, column in columns.items()}
    bounds = (*recent["OBS_VALUE"], *recent.get("UPPER_BOUND", ()), *recent.get("LOWER_BOUND", ()))
    return {**one, "observations": recent} if any(value is not None for value in bounds) else None


def _choose(found: Mapping[tuple[str, str], Mapping[str, Series]], areas: set[str]) -> list[Series]:
    """The members' series in the order of importance while they fit, then put in the order of their ids."""
    chosen: dict[str, Series] = {}
    for part in _by_importance():
        ones = [one for key in part for m49, one in found.get(key, {}).items() if m49 in areas]
        if len(chosen) + len(ones) <= MOST_RECORDS:
            chosen |= {series_id(one["dimensions"]): one for one in ones}
    return [chosen[record] for record in sorted(chosen)]


def _by_importance() -> Iterable[list[tuple[str, str]]]:
    parts = [(code, breakdowns.split("|")) for _, code, breakdowns in CHOSEN]
    for rank in range(max(len(ranked) for _, ranked in parts)):
        for code, ranked in parts:
            if rank < len(ranked):
                yield [(code, breakdown) for breakdown in ranked[rank].split()]


def _write_series(described: Mapping[str, Mapping[str, str]]) -> None:
    with (HERE / "series.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "goal", "target", "indicator", "subject", "description"))
        for subject, code, _ in CHOSEN:
            row = described[code]
            writer.writerow((code, row["Goal"], row["Target"], row["Indicator"], subject, row["Description"]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m demo.select_observations FOLDER")
    main(Path(sys.argv[1]))

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from services.indicators.dimensions import complete
from services.indicators.ids import series_id
from tests.unit.indicators.strategies import keys


def key(**dimensions: str) -> dict[str, str]:
    return {"FREQ": "A", "REPORTING_TYPE": "G", "SERIES": "SH_DYN_MORT", "REF_AREA": "818", **dimensions}


def test_a_usual_key_can_be_read_in_its_id():
    assert series_id(key(SEX="F", AGE="Y0T4")) == "sh_dyn_mort.818.f.y0t4"
    assert series_id(key()) == "sh_dyn_mort.818"
    assert series_id(key(PRODUCT="AGR", FREQ="Q")) == "sh_dyn_mort.818.freq-q.product-agr"


def test_a_code_that_another_dimension_could_have_is_preceded_by_its_dimension():
    assert series_id(key(COMPOSITE_BREAKDOWN="F")) == "sh_dyn_mort.818.composite-f"


def test_series_that_differ_only_in_case_have_two_ids():
    assert series_id(key(SERIES="IT_USE_ii99")) != series_id(key(SERIES="IT_USE_II99"))


def test_an_id_that_would_be_too_long_ends_in_the_hash_of_the_key():
    record = series_id(key(PRODUCT="P" * 64, ACTIVITY="A" * 64, OCCUPATION="O" * 64))
    assert re.fullmatch(r"sh_dyn_mort_818\.-[0-9a-f]{40}", record)


@given(keys)
def test_an_id_is_one_that_a_record_may_have_and_naming_totals_does_not_change_it(dimensions):
    record = series_id(dimensions)
    assert re.fullmatch(r"[a-z0-9._-]{1,128}", record)
    assert record == series_id(complete(dimensions))


@settings(max_examples=500)
@given(keys, st.data())
def test_different_keys_have_different_ids(one, data):
    changed = data.draw(st.sampled_from(sorted(complete(one))))
    other = {
        **one,
        changed: data.draw(
            st.sampled_from(["F", "f", "M", "R", "Y0T4", "_T", "A", "G", "F-", "B40", "-F", *one.values()])
        ),
    }
    assert (series_id(one) == series_id(other)) == (complete(one) == complete(other))


def test_moving_a_code_to_any_other_dimension_changes_the_id():
    places = [name for name in complete({}) if name not in key()]
    for code in ("F", "M", "U", "Q1", "Y0T4", "M0", "PD", "ISIC4_A", "ISCED11_1", "ISCO08_1"):
        assert len({series_id(key(**{name: code})) for name in places}) == len(places)

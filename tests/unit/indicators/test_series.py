import json

import pytest
from hypothesis import given
from pydantic import ValidationError

from services.indicators.dimensions import DIMENSIONS
from services.indicators.series import MAX_OBSERVATIONS, SeriesIn
from tests.unit.indicators import strategies


def body(**changes):
    return {
        "dimensions": {"FREQ": "A", "REPORTING_TYPE": "G", "SERIES": "SH_DYN_MORT", "REF_AREA": "EGY", "SEX": "F"},
        "attributes": {"UNIT_MEASURE": "PER_1000_LIVE_BIRTHS", "UNIT_MULT": "0"},
        "title": {"en": "Under-five mortality rate", "ar": "معدل وفيات الأطفال دون سن الخامسة"},
        "observations": {"TIME_PERIOD": ["2015", "2016"], "OBS_VALUE": ["34.2", None], "NATURE": ["E", "E"]},
        **changes,
    }


def dimensions(**changes):
    return body(dimensions={**body()["dimensions"], **changes})


def observations(**changes):
    return body(observations={**body()["observations"], **changes})


def refused(value, words):
    with pytest.raises(ValidationError, match=words):
        SeriesIn.model_validate_json(json.dumps(value))
    return True


@pytest.mark.parametrize("code", ["EGY", "eg", "818", "0818"])
def test_a_country_is_kept_as_unpadded_m49_and_all_fifteen_dimensions_are_named(code):
    made = SeriesIn.model_validate(dimensions(REF_AREA=code))
    assert list(made.dimensions) == list(DIMENSIONS)
    assert (made.dimensions["REF_AREA"], made.dimensions["SEX"], made.dimensions["AGE"]) == ("818", "F", "_T")


def test_the_wire_form_reads_back_as_the_same_series():
    made = SeriesIn.model_validate(body())
    again = SeriesIn.model_validate_json(made.wire())
    assert again == made
    assert again.wire() == made.wire()
    assert "LOWER_BOUND" not in made.body()["observations"]


@given(strategies.series)
def test_validating_twice_changes_nothing(one):
    made = SeriesIn.model_validate(one)
    assert SeriesIn.model_validate(made.body()) == made


def test_numbers_are_normalised_to_plain_decimals():
    assert SeriesIn.model_validate(observations(OBS_VALUE=["1e3", "+0.50"])).observations.OBS_VALUE == ["1000", "0.50"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (body(extra=1), "extra"),
        (observations(EXTRA=[]), "EXTRA"),
        (dimensions(COLOUR="RED"), "COLOUR"),
        (body(attributes={"COLOUR": "red"}), "COLOUR"),
        (body(title={"xx": "name"}), "xx"),
        (dimensions(REF_AREA="XXX"), "REF_AREA"),
        (dimensions(SERIES="_T"), "SERIES is missing"),
        (dimensions(FREQ="Z"), "FREQ Z"),
        (dimensions(FREQ="Q"), "2015-Q1"),
        (dimensions(SEX="a b"), "not a code"),
        (dimensions(SEX=""), "not a code"),
        (dimensions(SEX="F" * 65), "at most 64"),
        (body(attributes={"UNIT_MULT": "three"}), "UNIT_MULT"),
        (observations(OBS_VALUE=[34.2, None]), "valid string"),
        (observations(OBS_VALUE=["NaN", None]), "decimal number"),
        (observations(OBS_VALUE=["1"]), "OBS_VALUE has 1 values"),
        (observations(TIME_PERIOD=["2016", "2015"]), "must rise"),
        (observations(TIME_PERIOD=["2015", "2015"]), "must rise"),
        (observations(TIME_PERIOD=["2015", "99999"]), "99999"),
        (body(observations={"TIME_PERIOD": [], "OBS_VALUE": []}), "at least 1"),
        (observations(COMMENT_OBS=["a\u0000b", None]), "U\\+0000"),
        (observations(COMMENT_OBS=["a\u202eb", None]), "U\\+202E"),
    ],
)
def test_what_is_wrong_is_refused_in_words_that_name_it(value, words):
    assert refused(value, words)


def test_a_lone_surrogate_is_refused():
    with pytest.raises(ValidationError, match="COMMENT_OBS"):
        SeriesIn.model_validate(observations(COMMENT_OBS=["\ud800", None]))


def test_more_observations_or_bytes_than_a_record_may_have_are_refused():
    many = [f"{year}" for year in range(1000, 1000 + MAX_OBSERVATIONS)]
    assert refused(
        observations(TIME_PERIOD=[*many, "x"], OBS_VALUE=["1"] * (len(many) + 1), NATURE=None), "at most 2000"
    )
    long = ["x" * 2000] * 300
    assert refused(
        body(observations={"TIME_PERIOD": many[:300], "OBS_VALUE": ["1"] * 300, "COMMENT_OBS": long}), "512 KiB"
    )

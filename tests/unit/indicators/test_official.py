"""The official lists as they stand in the package: complete, connected, and named in the six languages or said not to be."""

import hashlib
from collections import Counter
from typing import get_args

import pytest

from services.catalog import terms
from services.indicators.codelists import codelists
from services.indicators.official import RELEASE, tables
from services.indicators.official.records import records
from services.indicators.official.tables import FOLDER, NAMES
from services.indicators.unsd_codes import titles
from services.indicators.words import place
from weft.areas import COMMISSIONS, LANGUAGES
from weft.protocol.names import Key

DIGESTS = {1: "39669dda3b2ea6e65e2602bf88891ea325435e6ff2b979ba80aa905216674fa3"}
"""What the tables were in each release: whoever changes one gives the lists a new release number, and notes it here."""
ENGLISH_ALONE = {"series", "occupation", "product"}
"""The lists that have codes which the sources name in English alone."""


def of(kind, framework):
    return {key: record for key, record in records().items() if key.kind == kind and key.id.startswith(framework)}


def test_lists_do_not_change_without_a_new_release_number():
    digest = hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in sorted(NAMES))).hexdigest()
    assert digest == DIGESTS[RELEASE]


def test_each_framework_has_as_much_as_the_official_list_says():
    counted = Counter((key.kind, key.id.partition(".")[0]) for key in records())
    assert counted == {
        ("framework", "mdg-2008"): 1,
        ("goal", "mdg-2008"): 8,
        ("target", "mdg-2008"): 21,
        ("indicator", "mdg-2008"): 60,
        ("framework", "sdg-2020"): 1,
        ("goal", "sdg-2020"): 17,
        ("target", "sdg-2020"): 169,
        ("indicator", "sdg-2020"): 208,
    }


def test_the_indicators_that_serve_several_targets_are_those_of_goals_7_and_8():
    several = {key.id.removeprefix("mdg-2008.") for key, one in of("indicator", "mdg").items() if len(one.targets) > 1}
    assert several == {f"7.{at}" for at in range(1, 8)} | {f"8.{at}" for at in range(1, 13)}


def test_every_target_of_the_first_framework_has_an_indicator():
    served = {text for one in of("indicator", "mdg").values() for text in one.targets}
    assert served == {str(key) for key in of("target", "mdg")}


def test_every_key_in_a_record_is_one_of_a_record():
    for record in records().values():
        said = record.model_dump()
        named = [said.get("framework"), said.get("goal"), *said.get("targets", ())]
        named += [value["indicator"] for value in said.get("values", ())]
        assert all(Key.parse(text) in records() for text in named if text)


def test_an_indicator_and_its_targets_are_of_one_goal():
    for one in of("indicator", "").values():
        for target in one.targets:
            assert records()[Key.parse(target)].goal == one.goal


def test_every_series_of_the_database_measures_an_indicator_and_none_is_made_up():
    measuring = {code for one in of("indicator", "sdg").values() for code in one.series}
    assert measuring == set(titles())
    assert {code for one in of("indicator", "mdg").values() for code in (*one.series, *one.proxies)} <= measuring
    assert {value.series for one in of("target", "").values() for value in one.values if value.series} <= measuring


def test_a_number_is_text_and_stands_in_the_order_of_its_parts():
    numbers = ["1.1", "1.2", "1.10", "1.a", "1.a.1", "2.1", "10.1"]
    assert sorted(numbers, key=lambda number: place("f", number)) == numbers
    assert Key.make("un", "indicator", "mdg-2008.7.1") != Key.make("un", "indicator", "mdg-2008.7.10")


@pytest.mark.parametrize("id_", [id_ for id_ in codelists() if id_ not in ENGLISH_ALONE | {"ref_area"}])
def test_every_code_has_a_name_in_each_of_the_six_languages(id_):
    assert codelists()[id_].languages == list(LANGUAGES)


@pytest.mark.parametrize("id_", sorted(ENGLISH_ALONE | {"ref_area"}))
def test_a_list_that_has_not_all_names_says_so(id_):
    found = codelists()[id_]
    assert found.languages == ["en"]
    assert all(names["en"] for names in found.codes.values())


def test_every_goal_framework_and_list_is_named_in_the_six_languages():
    named = [record.title for key, record in records().items() if key.kind in ("framework", "goal")]
    named += [found.names for found in codelists().values()]
    assert all(set(names) == set(LANGUAGES) for names in named)


def test_themes_and_groups_are_those_that_documents_have():
    assert tables.codes("themes") == get_args(terms.Theme)
    assert tables.codes("groups") == get_args(terms.Group)
    assert tables.codes("commissions") == COMMISSIONS


def test_names_in_other_scripts_are_written_in_them():
    for found in codelists().values():
        for names in found.codes.values():
            assert not any(names[language].isascii() for language in ("ar", "zh", "ru") if language in names)

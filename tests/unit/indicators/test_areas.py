import pytest

from weft.areas import COMMISSIONS, LANGUAGES, UnknownArea, area, areas, members


@pytest.mark.parametrize("code", ["4", "004", "AF", "af", "AFG", "afg", "0004"])
def test_a_country_is_found_by_each_of_its_codes(code):
    assert area(code).iso3 == "AFG"


@pytest.mark.parametrize("code", ["", "0", "XXX", "12345", "٤", "A F", "4.0", "-4", "x" * 10_000])
def test_what_is_no_code_is_refused_with_a_short_message(code):
    with pytest.raises(UnknownArea) as refusal:
        area(code)
    assert len(str(refusal.value)) < 120


@pytest.mark.parametrize(
    ("commission", "states", "associates"),
    [("eca", 54, 0), ("ece", 56, 0), ("eclac", 46, 14), ("escap", 53, 9), ("escwa", 21, 0)],
)
def test_each_commission_has_the_members_that_it_lists(commission, states, associates):
    assert len(members(commission)) == states
    assert len(members(commission, associates=True)) == states + associates


def test_thirty_one_states_belong_to_two_or_more_commissions():
    shared = [a for a in areas() if sum(status == "member" for status in a.commissions.values()) > 1]
    assert len(shared) == 31


def test_every_country_has_a_name_in_each_of_the_six_languages():
    countries = [a for a in areas() if a.iso3]
    assert len(countries) == 249 - sum(a.iso3 is None for c in COMMISSIONS for a in members(c))
    assert all(set(a.names) == set(LANGUAGES) for a in countries)


def test_a_statistical_area_without_official_name_answers_with_the_english_one():
    assert area("1").name("fr") == "Monde"
    assert area("99035").name("fr") == area("99035").name("en")


def test_codes_are_unique():
    for kind in ("m49", "iso2", "iso3"):
        codes = [code for a in areas() if (code := getattr(a, kind))]
        assert len(codes) == len(set(codes))


def test_an_unknown_commission_is_refused_by_name():
    with pytest.raises(LookupError, match="escwa"):
        members("nato")

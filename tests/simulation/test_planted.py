"""Every planted bug is caught: a simulation that finds nothing has to show that it could."""

import itertools

import pytest

from tests.simulation import planted, schedule

CAUGHT_BY = {
    "cursor_without_effects": 1,
    "duplicates_not_detected": 2,
    "withdraw_forgotten": 4,
    "digest_over_puts_alone": 1,
    "superseded_body_served": 3,
    "names_stay_in_audiences": 2,
    "commits_from_before_admission": 1,
}
"""The seed that caught it last; when the product changes, another one below 200 will do as well."""


@pytest.mark.parametrize("name", planted.PLANTS)
def test_the_simulation_notices_a_planted_bug(name: str) -> None:
    with planted.planted(name):
        seeds = itertools.chain([CAUGHT_BY.get(name, 1)], range(1, 201))
        assert any(schedule.run(seed).violations for seed in seeds)

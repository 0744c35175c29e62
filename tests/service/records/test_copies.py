"""Whoever keeps a copy by changes has what the shelf shows to somebody of that sight, and hears of nothing else."""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, Table

from tests.service.records.notes import Copy, Desk
from weft.database import Database
from weft.problems import Problem
from weft.records.sight import SIGHTS

Step = tuple[str, str, Callable[[Desk, str, str], None]]
AUDIENCES = (("network",), ("local",), ("ece",))
EXAMPLES = 12 if "WEFT_TEST_POSTGRES" in os.environ else 50
"""A server answers some ten times as slowly as a file."""
KEPT = ("alembic_version", "shown_generation")


def _put(audience: tuple[str, ...], *, draft: bool = False, hours: int = 0) -> Callable[[Desk, str, str], None]:
    return lambda desk, id_, said: desk.put(id_, said, *audience, draft=draft, hours=hours)


def _hours(count: int) -> Callable[[Desk, str, str], None]:
    def go_on(desk: Desk, _: str, __: str) -> None:
        desk.hour += count

    return go_on


STEPS: dict[str, Callable[[Desk, str, str], None]] = {
    **{f"put for {' '.join(audience)}": _put(audience) for audience in AUDIENCES},
    **{f"put for {' '.join(audience)} in an hour": _put(audience, hours=1) for audience in AUDIENCES},
    "draft": _put(("local",), draft=True),
    "delete": lambda desk, id_, _: desk.delete(id_),
    "delete in a minute": lambda desk, id_, _: desk.delete(id_, 60),
    "undelete": lambda desk, id_, _: desk.undelete(id_),
    "take down": lambda desk, id_, said: desk.take_down(id_, said),
    "an hour": _hours(1),
    "lift": lambda desk, _, __: desk.lift(),
    "seal": lambda desk, _, __: desk.seal(),
    "admit": lambda desk, _, __: desk.admit(),
    "remove": lambda desk, _, __: desk.remove(),
    "hear for all": lambda desk, id_, said: desk.hear(id_, said, public=True),
    "hear for us": lambda desk, id_, said: desk.hear(id_, said, public=False),
    "hear a draft": lambda desk, id_, said: desk.hear(id_, said, public=False, draft=True),
    "lose": lambda desk, id_, _: desk.lose(id_),
}
LOOK = "a slow copy looks"
OFTEN = ("put for network", "put for local", "draft", "delete", "hear for all", "hear for us", "lose", LOOK)
steps = st.lists(st.tuples(st.sampled_from([*STEPS, *2 * OFTEN]), st.sampled_from("aaab")), min_size=5, max_size=30)


def only(*names: str) -> list[tuple[str, str]]:
    return [(name, "a") for name in names]


@pytest.fixture
def tables(database: Database) -> list[Table]:
    """Every table, in an order in which they can be emptied."""
    made = MetaData()
    made.reflect(database.engine)
    return [table for table in reversed(made.sorted_tables) if table.name not in KEPT]


def emptied(database: Database, tables: list[Table]) -> Desk:
    with database.writing() as session:
        for table in tables:
            session.connection().execute(table.delete())
    desk = Desk(database)
    desk.admit()
    return desk


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=steps)
@example(only("put for network", "put for local", "put for local", "put for network"))
@example(only("put for network", "put for local", "put for network", "delete"))
@example(only("put for network", "draft", "put for local", "draft", "delete"))
@example(only("put for network in an hour", "an hour", "lift", "put for network in an hour", "take down"))
@example(only("put for network", "take down", "undelete", "take down", "undelete", "delete", "seal"))
@example(only("put for ece in an hour", "remove", "an hour", "lift"))
@example(only("hear for all", "hear for us", "lose", "hear a draft", "hear for all"))
def test_a_copy_is_what_the_shelf_shows_to_each_sight_and_hears_of_nothing_else(
    database: Database, tables: list[Table], steps: list[tuple[str, str]]
) -> None:
    desk = emptied(database, tables)
    always = [Copy(desk, sight) for sight in SIGHTS]
    slow = [Copy(desk, sight, limit=1) for sight in SIGHTS]
    for copy in always:
        copy.catch_up()
    for count, (name, id_) in enumerate(steps):
        if name == LOOK:
            for copy in slow:
                copy.ask()
            continue
        before = {copy.sight: desk.shelf(copy.sight) for copy in always}
        try:
            STEPS[name](desk, id_, f"said {count}")
        except Problem:
            continue
        for copy in always:
            now = desk.shelf(copy.sight)
            changed = {key for key in before[copy.sight] | now if before[copy.sight].get(key) != now.get(key)}
            assert {key for _, key in copy.catch_up()} == changed
            assert copy.has == now
    for copy in slow:
        copy.catch_up()
        assert copy.has == desk.shelf(copy.sight)
    for sight in SIGHTS:
        newcomer = Copy(desk, sight, limit=2)
        told = newcomer.catch_up()
        assert {op for op, _ in told} <= {"put"}
        assert len(told) == len(newcomer.has)
        assert newcomer.has == desk.shelf(sight)

"""The cache stays within its budget, and gives up first what was not read for longest."""

from hypothesis import given
from hypothesis import strategies as st

from weft.blobs.cache import Cached, surplus
from weft.blobs.store import Blob


def cached(number: int, size: int, used_at: str) -> Cached:
    return Cached(Blob("eca", f"{number:064x}"), size, used_at)


def test_within_the_budget_everything_stays() -> None:
    assert surplus([cached(1, 5, "a"), cached(2, 5, "b")], 10, frozenset()) == []


def test_the_longest_unread_leave_until_the_others_fit() -> None:
    held = [cached(1, 5, "c"), cached(2, 5, "a"), cached(3, 5, "b")]
    assert surplus(held, 9, frozenset()) == [held[1].blob, held[2].blob]


def test_what_is_being_read_stays_though_it_is_old() -> None:
    held = [cached(1, 5, "a"), cached(2, 5, "b")]
    assert surplus(held, 5, frozenset({held[0].blob})) == [held[1].blob]


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9), st.booleans()), max_size=12),
    st.integers(0, 200),
)
def test_what_stays_fits_unless_all_of_it_is_being_read(rows: list[tuple[int, int, bool]], budget: int) -> None:
    held = [cached(number, size, str(used)) for number, (size, used, _) in enumerate(rows)]
    busy = frozenset(each.blob for each, (_, _, reading) in zip(held, rows, strict=True) if reading)
    leaving = surplus(held, budget, busy)
    staying = [each for each in held if each.blob not in leaving]
    assert not busy & set(leaving)
    assert sum(each.size for each in staying) <= budget or all(each.blob in busy for each in staying)
    if leaving:  # none left in vain
        last = next(each for each in held if each.blob == leaving[-1])
        assert sum(each.size for each in staying) + last.size > budget

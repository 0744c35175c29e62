"""Words, phrases, exclusions, filters, facets, pages and highlights, and nothing that a person can type is an error."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from services.search.engine import cursor
from services.search.engine.interface import FILTERS, Filters, InvalidQuery, Order, Query, Visibility


def test_a_phrase_must_stand_together_and_an_excluded_word_must_not_occur(engine, document, ask, ids):
    engine.write(
        [
            document("social protection floors", id="together"),
            document("protection of social workers", id="apart"),
            document("protección social", "es", id="spanish"),
        ]
    )
    assert ids(ask(engine, '"social protection"')) == ["together"]
    assert ids(ask(engine, "“social protection”")) == ["together"]
    assert set(ids(ask(engine, "social -floor"))) == {"apart", "spanish"}
    assert set(ids(ask(engine, '-"social protection"'))) == {"apart", "spanish"}
    assert ids(ask(engine, "protection -floors -worker")) == []


def test_half_of_many_words_suffices_and_one_does_not(engine, document, ask, ids):
    engine.write([document("tobacco taxes", id="two"), document("tobacco", id="one")])
    assert ids(ask(engine, "higher tobacco tax poor")) == ["two"]


def test_restricted_documents_are_for_staff_alone_in_hits_total_and_facets(engine, document, ask, ids):
    engine.write([document("draft on health", public=False, id="draft", type="plan"), document("health", id="public")])
    seen = ask(engine, "health", facets=("type",))
    assert (ids(seen), seen.total, seen.facets) == (["public"], 1, {"type": {"brief": 1}})
    seen = ask(engine, "health", facets=("type",), visibility=Visibility.STAFF)
    assert (set(ids(seen)), seen.total, seen.facets) == ({"public", "draft"}, 2, {"type": {"brief": 1, "plan": 1}})


def test_filters_are_any_of_within_a_field_and_all_of_between_fields(engine, document, ask, ids):
    engine.write(
        [
            document("a", origin="eca", countries=("012", "788"), themes=("health",), groups=("youth",), id="a"),
            document("b", origin="ece", countries=("040",), themes=("health", "gender"), type="plan", id="b"),
            document("c", "fr", origin="eca", countries=("040",), themes=("gender",), id="c"),
        ]
    )

    def kept(**values):
        return set(ids(ask(engine, filters=Filters(**values))))

    assert kept(country=("788", "040")) == {"a", "b", "c"}
    assert kept(country=("040",), theme=("health",)) == {"b"}
    assert kept(origin=("eca",), language=("fr-CA",)) == {"c"}
    assert kept(group=("youth",)) == {"a"}
    assert kept(type=("plan", "map")) == {"b"}
    assert kept(country=("40",)) == set()


def test_a_facet_ignores_its_own_filter_and_obeys_the_others(engine, document, ask):
    engine.write(
        [
            document("health", themes=("health",), countries=("012",)),
            document("health", themes=("health", "gender"), countries=("040",)),
            document("health", themes=("gender",), countries=("040",)),
        ]
    )
    page = ask(engine, "health", filters=Filters(theme=("health",)), facets=("theme", "country", "group"))
    assert page.total == 2
    assert page.facets == {"theme": {"health": 2, "gender": 2}, "country": {"012": 1, "040": 1}, "group": {}}


@pytest.mark.parametrize("text", ["", "health"])
@pytest.mark.parametrize("order", Order)
def test_pages_join_to_all_hits_once_each(engine, document, ask, ids, text, order):
    engine.write([document("health", id=f"n{n}", version=n + 1, issued=f"{1990 + n % 7}") for n in range(23)])
    seen, after = [], None
    for _ in range(4):
        page = ask(engine, text, limit=7, after=after, order=order)
        assert page.total == 23
        seen += ids(page)
        after = page.next
    assert after is None
    assert sorted(seen) == sorted(f"n{n}" for n in range(23))


def test_by_date_the_newest_comes_first_and_what_was_never_issued_counts_from_its_change(engine, document, ask, ids):
    engine.write(
        [
            document("health", issued="2015", id="old"),
            document("health " * 9, issued="2023-11-02", id="newer"),
            document("health", updated_at="2024-01-01T00:00:00Z", id="unissued"),
            document("health", issued="next spring", updated_at="2020-01-01T00:00:00Z", id="odd"),
        ]
    )
    assert ids(ask(engine, "health", order=Order.DATE)) == ["unissued", "newer", "odd", "old"]
    assert ids(ask(engine)) == ["unissued", "newer", "odd", "old"]


@pytest.mark.parametrize("after", ["", "x", "MQ", "LTE=", "MTAwMDA=", "4pyT", "é", "\ud800", "=" * 999, "2Q=="])
def test_a_cursor_that_no_page_gave_out_is_refused(engine, ask, after):
    with pytest.raises(InvalidQuery):
        ask(engine, "health", after=after)


def test_no_page_lies_deeper_than_ten_thousand_hits():
    assert cursor.write(9_999, 50_000) is not None
    assert cursor.write(10_000, 50_000) is None


@pytest.mark.parametrize(
    "bounds",
    [{"text": "x" * 501}, {"limit": 0}, {"limit": 101}, {"facets": ("key",)}, {"filters": Filters(type=("x",) * 101)}],
)
def test_a_query_out_of_bounds_is_refused_when_it_is_made(bounds):
    with pytest.raises(InvalidQuery):
        Query(visibility=Visibility.PUBLIC, **bounds)


def test_highlights_mark_the_words_and_escape_all_else(engine, document, ask):
    engine.write(
        [
            document(
                "<script>alert('jóvenes')</script>",
                "es",
                description='La "educación" <mark>de</mark> & los jóvenes',
                text="x " * 5_000 + "<img src=x onerror=alert(1)> joven educado " + "y " * 5_000,
            )
        ]
    )
    marked = ask(engine, "joven educacion").hits[0].highlights
    assert marked["title"] == "&lt;script&gt;alert(&#x27;<mark>jóvenes</mark>&#x27;)&lt;/script&gt;"
    assert (
        "&quot;<mark>educación</mark>&quot; &lt;mark&gt;de&lt;/mark&gt; &amp; los <mark>jóvenes</mark>"
        in marked["description"]
    )
    assert "<mark>joven</mark>" in marked["text"]
    assert "&lt;img src=x" in marked["text"]
    assert len(marked["text"]) < 600


def test_chinese_highlights_join_the_pairs(engine, document, ask):
    engine.write([document("促进性别平等", "zh")])
    assert ask(engine, "性别平等").hits[0].highlights == {"title": "促进<mark>性别平等</mark>"}


def test_a_hit_carries_its_document_without_the_text(engine, document, ask):
    written = document("health", text="long", subject=("x", "y"), themes=("health",), issued="2020", version=7)
    engine.write([written])
    shown = ask(engine, "health").hits[0].document
    assert shown.text == ""
    assert (shown.key, shown.version, shown.subject, shown.issued) == (written.key, 7, ("x", "y"), "2020")


_TYPED = st.text(max_size=120) | st.text(
    alphabet='"-+*?:()[]{}^~\\/ANDORT«»的社会 \u0000\u200b\ud800\u0301', max_size=60
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=_TYPED, value=st.text(max_size=20), order=st.sampled_from(Order))
@example(text='title:"a b"~3 AND (x OR', value="\ud800", order=Order.RELEVANCE)
@example(text="* [a TO b] /x.*/ key:*", value="", order=Order.DATE)
@example(text='- - -- "" -"" \'', value="x" * 5_000, order=Order.RELEVANCE)
def test_nothing_that_can_be_typed_is_an_error_or_markup(engine, document, ask, text, value, order):
    if engine.count() == 0:
        engine.write(
            [
                document('<b>"AND" 社会 health</b>', language, text="<i>& OR的社会</i>")
                for language in ("en", "zh", "xx")
            ]
        )
    page = ask(engine, text, facets=FILTERS, order=order)
    assert page.total in range(4)
    assert ask(engine, text, filters=Filters(theme=(value,), language=(value,))).total == 0
    for hit in page.hits:
        for html in hit.highlights.values():
            assert "<" not in re.sub("</?mark>", "", html)
            assert html.count("<mark>") == html.count("</mark>") > 0

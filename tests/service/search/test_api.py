"""What the public, readers, editors and operators get of the search over HTTP."""

import asyncio
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.search.index import MOST_ASKED
from tests.service.search.desk import EPOCH
from weft.identity import Role
from weft.problems import Unavailable
from weft.protocol.names import Version


async def test_an_item_says_all_that_a_list_of_hits_shows(desk):
    desk.show(
        "a",
        "Salud de las mujeres",
        number=4,
        origin="eclac",
        language="es-MX",
        description="Un <b>estudio</b> sobre la salud",
        countries=["484", "1"],
        themes=["health-promotion"],
        groups=["vulnerable-women"],
        issued="2024-05",
    )
    await desk.indexer.drain()
    answer = await desk.get(q="salud")
    (item,) = answer["items"]
    assert item.pop("score") > 0
    assert item == {
        "origin": "eclac",
        "key": "eclac/document/a",
        "version": str(Version(EPOCH, 4)),
        "visibility": "public",
        "type": "policy-brief",
        "title": "Salud de las mujeres",
        "description": "Un <b>estudio</b> sobre la salud",
        "language": "es-MX",
        "themes": ["health-promotion"],
        "groups": ["vulnerable-women"],
        "countries": [{"m49": "484", "iso2": "MX", "iso3": "MEX"}, {"m49": "1", "iso2": None, "iso3": None}],
        "issued": "2024-05",
        "status": "published",
        "updated_at": "2026-01-02T03:04:05.678Z",
        "highlights": {
            "title": "<mark>Salud</mark> de las mujeres",
            "description": "Un &lt;b&gt;estudio&lt;/b&gt; sobre la <mark>salud</mark>",
        },
    }
    assert (answer["total"], answer["next"], answer["facets"]) == (1, None, None)


@pytest.mark.parametrize(
    ("by", "seen"),
    [
        (Role.ANONYMOUS, {"public"}),
        (Role.PEER, {"public"}),
        (Role.READER, {"public", "restricted"}),
        (Role.EDITOR, {"public", "restricted", "draft"}),
        (Role.OPERATOR, {"public", "restricted", "draft"}),
    ],
)
async def test_everybody_sees_counts_and_is_suggested_only_what_is_for_them(desk, by, seen):
    for id_ in ("public", "restricted", "draft"):
        status = "draft" if id_ == "draft" else "published"
        desk.show(id_, "Health", public=id_ == "public", status=status, themes=[f"theme-{id_}"])
    await desk.indexer.drain()
    answer = await desk.get(by=by, q="health", facets=True)
    assert {item["key"].rpartition("/")[2] for item in answer["items"]} == seen
    assert answer["total"] == len(seen)
    assert set(answer["facets"]["theme"]) == {f"theme-{id_}" for id_ in seen}
    suggested = await desk.get("/suggest", by=by, q="hea")
    assert {item["key"].rpartition("/")[2] for item in suggested["items"]} == seen


async def test_pages_follow_each_other_by_their_link_and_lead_to_every_hit_once(desk):
    for at in range(7):
        desk.show(f"n{at}", "Health")
    await desk.indexer.drain()
    path, found, pages = "?q=health&limit=3", [], 0
    while path:
        answer = await desk.call("GET", path)
        found += [item["key"] for item in answer.json()["items"]]
        pages += 1
        link = re.fullmatch(r'</api/v1/search(\?[^>]+)>; rel="next"', answer.headers.get("link", ""))
        assert bool(link) == (answer.json()["next"] is not None)
        assert answer.headers["vary"] == "Authorization"
        path = link[1] if link else ""
    assert (pages, len(found), len(set(found))) == (3, 7, 7)


@pytest.mark.parametrize("country", ["484", "MX", "mex"])
async def test_a_country_is_asked_for_by_any_of_its_codes(desk, country):
    desk.show("mexico", countries=["484"])
    desk.show("peru", countries=["604"])
    await desk.indexer.drain()
    assert [item["key"] for item in (await desk.get(country=country))["items"]] == ["eca/document/mexico"]


async def test_filters_narrow_together_and_a_repeated_one_widens(desk):
    desk.show("a", type="policy-brief", language="fr", groups=["migrants"])
    desk.show("b", type="publication", language="fr", groups=["youth"], origin="ece")
    desk.show("c", type="publication", language="en", groups=["youth"], themes=["gender-equality"])
    await desk.indexer.drain()

    async def keys(query: str) -> set[str]:
        answer = await desk.call("GET", f"?{query}")
        return {item["key"].rpartition("/")[2] for item in answer.json()["items"]}

    assert await keys("type=publication&language=fr") == {"b"}
    assert await keys("group=migrants&group=youth") == {"a", "b", "c"}
    assert await keys("origin=ece") == {"b"}
    assert await keys("theme=gender-equality") == {"c"}
    assert await keys("theme=nothing-has-it") == set()


async def test_facets_count_as_if_their_own_filter_were_not_set(desk):
    desk.show("a", language="fr", countries=["250"])
    desk.show("b", language="en-GB", countries=["250"])
    await desk.indexer.drain()
    facets = (await desk.get(language="fr", facets=True))["facets"]
    assert facets["language"] == {"fr": 1, "en": 1}
    assert facets["country"] == {"250": 1}
    assert set(facets) == {"origin", "theme", "group", "country", "language", "type"}


async def test_by_date_the_newest_comes_first_without_scores(desk):
    for year in ("2019", "2023", "2021"):
        desk.show(f"y{year}", "Health", issued=year)
    await desk.indexer.drain()
    items = (await desk.get(q="health", order="date"))["items"]
    assert [(item["issued"], item["score"]) for item in items] == [("2023", None), ("2021", None), ("2019", None)]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=x",
        "order=random",
        "country=XX",
        "colour=red",
        f"q={'x' * 501}",
        "after=nonsense",
        "after=" + "x" * 101,
        "theme=",
        "&".join(f"theme=t{at}" for at in range(101)),
    ],
)
async def test_a_question_that_is_none_is_refused_by_name(desk, query):
    answer = await desk.call("GET", f"?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert query.partition("=")[0] in answer.json()["detail"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=st.text(max_size=500), value=st.text(min_size=1, max_size=100), facets=st.booleans())
async def test_nothing_that_can_be_typed_is_an_error(desk, q, value, facets):
    if not desk.changed:
        desk.show("a", 'Health "and" -more', text="(a OR b) AND c:*")
        await desk.indexer.drain()
    params = {"q": q.encode(errors="replace").decode(), "theme": value.encode(errors="replace").decode()}
    assert (await desk.get(**params, facets=facets))["total"] == 0
    await desk.get("/suggest", q=params["q"][:200])
    await desk.get(q=params["q"])


async def test_suggestions_are_titles_that_begin_so_whatever_their_case_and_accents(desk):
    desk.show("a", "Égalité des genres", language="fr")
    desk.show("b", "EGALITE  au travail", language="fr")
    desk.show("c", "L'égalité", language="fr")
    answer = await desk.get("/suggest", q="égal")
    assert [(item["title"], item["origin"], item["key"]) for item in answer["items"]] == [
        ("EGALITE  au travail", "eca", "eca/document/b"),
        ("Égalité des genres", "eca", "eca/document/a"),
    ]
    assert [item["key"] for item in (await desk.get("/suggest", q="egalite a"))["items"]] == ["eca/document/b"]


async def test_suggestions_are_ten_at_most_and_none_for_nothing(desk):
    for at in range(12):
        desk.show(f"n{at:02}", f"Health {at:02}")
    assert len((await desk.get("/suggest", q="health"))["items"]) == 10
    assert (await desk.get("/suggest", q=" "))["items"] == []
    assert (await desk.get("/suggest", q="health 11"))["items"][0]["title"] == "Health 11"
    assert (await desk.get("/suggest", q="health%"))["items"] == []


@pytest.mark.parametrize(("method", "path"), [("POST", "/rebuild"), ("GET", "/verify")])
async def test_only_operators_verify_and_rebuild(desk, method, path):
    desk.show("a")
    await desk.indexer.drain()
    assert (await desk.call(method, path)).status_code == 401
    assert (await desk.call(method, path, by=Role.REVIEWER)).status_code == 403
    answer = await desk.call(method, path, by=Role.OPERATOR)
    assert (answer.status_code, answer.json()["documents"]) == (200, 1)


async def test_a_difference_is_told_to_the_operator_by_key(desk, engine):
    desk.show("a")
    report = (await desk.call("GET", "/verify", by=Role.OPERATOR)).json()
    assert (report["equal"], report["waiting"]) == (True, 1)
    await desk.indexer.drain()
    engine.replace([])
    report = (await desk.call("GET", "/verify", by=Role.OPERATOR)).json()
    assert (report["equal"], report["missing"], report["differing"]) == (False, ["eca/document/a"], 1)


async def test_more_questions_at_once_than_can_be_answered_in_time_are_turned_away(desk):
    desk.show("a")
    await desk.indexer.drain()
    answers = await asyncio.gather(*(desk.ask("health") for _ in range(MOST_ASKED + 10)), return_exceptions=True)
    assert [isinstance(answer, Unavailable) for answer in answers] == [False] * MOST_ASKED + [True] * 10
    assert (await desk.get(q="health"))["total"] == 1

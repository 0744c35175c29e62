"""The plain pages: right as HTML, without scripts, usable with a screen reader, and honest about what is not known."""

import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from gateway.network import age, read_network
from gateway.reference import type_of
from gateway.results import marked, read_results
from tests.service.gateway.house import House
from weft.exchange.states import State
from weft.problems import Problem

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=y>"
VOID = {"meta", "link", "input", "br", "img", "hr"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


class Reader(HTMLParser):
    """Reads a page as a checker does."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.faults, self.text = [], [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"{tag} is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes what is not open")

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


def look(answer) -> Reader:
    """The page of an answer, after all that holds for every page was checked."""
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "sandbox" not in answer.headers["content-security-policy"]
    page = Reader(answer.text)
    assert page.faults == []
    assert page.all("html") == [{"lang": "en", "dir": "ltr"}]
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1
    assert not page.all("script") + page.all("style") + page.all("iframe")
    everything = [attributes for _, attributes in page.elements]
    assert not [name for attributes in everything for name in attributes if name == "style" or name.startswith("on")]
    ids = [attributes["id"] for attributes in everything if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {attributes["for"] for attributes in page.all("label")}
    assert all(attributes["id"] in labelled for attributes in page.all("input"))
    for attributes in everything:
        assert attributes.get("aria-labelledby", ids[0]) in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
    assert [attributes["href"] for attributes in page.all("link")] == ["/style.css", "data:,"]
    assert len(page.all("table")) == len(page.all("caption"))
    assert all("scope" in attributes for attributes in page.all("th"))
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    return page


def participant(name="eca", **more):
    plain = {"title": f"{name.upper()} <i>", "url": f"https://{name}.example.org", "ours": False, "state": "live"}
    told = {"behind_commits": 0, "behind_seconds": None, "succeeded_at": "2026-03-01T10:42:06.000Z", "records": 5}
    return {"name": name, **plain, **told, **more}


def seen(*items):
    tree = {"items": list(items), "total": len(items), "next": None, "seen_at": "2026-03-01T10:42:07.000Z"}
    return read_network(200, json.dumps(tree).encode())


async def test_home_says_what_is_here_and_what_is_new(both: House):
    newest = {"key": "eca/document/x", "title": HOSTILE, "origin": "eca", "language": "ar", "type": "policy-brief"}
    both.catalog.lists["documents"] = {"items": [newest], "total": 1234, "next": None}
    both.stands["sync"].network["items"] = [participant("eclac", ours=True), participant("eca")]
    page = look(await both.at.get("/"))
    assert "1,234 documents" in page.words
    assert "0 indicators" in page.words
    assert "1 of 1 copies of other nodes are current" in page.words
    assert HOSTILE in page.words
    assert {"lang": "ar", "dir": "auto"} in page.all("h3")
    linked = {attributes.get("href") for attributes in page.all("a")}
    assert {"/network", "/search", "/docs", "/docs#keys", "/openapi.json", "/api/v1/documents/eca/x"} <= linked


async def test_home_does_not_say_none_of_what_it_cannot_know(node: House):
    del node.wiring.apps["catalog"], node.wiring.apps["sync"]
    page = look(await node.at.get("/"))
    assert "not known documents" in page.words
    assert "There is none yet" not in page.words
    assert "cannot be told at the moment" in page.words


async def test_home_asks_the_services_once_however_many_look(node: House):
    await node.at.get("/")
    asked = len(node.catalog.asked)
    _, editor = await node.key("editor")
    await node.at.get("/", headers=editor)
    assert len(node.catalog.asked) == asked > 0


async def test_the_network_page_shows_who_takes_part_and_how_fresh(both: House):
    both.stands["sync"].network["items"] = [
        participant("eclac", ours=True, behind_commits=None, records=7),
        participant("eca"),
        participant("escap", behind_commits=3, behind_seconds=125.0),
        participant("ece", state="unreachable", succeeded_at=None, behind_commits=None, records=None),
        participant("escwa", state="novel"),
    ]
    page = look(await both.at.get("/network"))
    assert "1 of 4 copies of other nodes are current" in page.words
    for words in ("ECA <i>", "this node", "3 commits, 2 minutes old", "failing, tries again by itself", "never"):
        assert words in page.words
    assert "as seen from this node at 2026-03-01, 10:42 UTC" in page.words
    assert page.words.count("not known") >= 3


async def test_the_network_page_says_when_it_cannot_know(node: House):
    node.stands["sync"].network = {"unexpected": 1}
    assert "cannot be told at the moment" in look(await node.at.get("/network")).words


async def test_a_node_whose_address_is_a_script_is_not_linked(node: House):
    node.stands["sync"].network["items"] = [participant(url="javascript:alert(1)", title=HOSTILE)]
    page = look(await node.at.get("/network"))
    assert HOSTILE in page.words
    assert not [a for a in page.all("a") if a["href"].startswith("javascript")]


async def test_the_search_page_shows_what_is_found_in_its_own_language(node: House):
    hit = {"key": "eca/document/salud", "title": "La salud", "origin": "eca", "language": "es", "type": "policy-brief"}
    marks = {"title": "La <mark>salud</mark>", "text": "… de &lt;b&gt; <mark>salud</mark> …"}
    node.stands["search"].results = {"items": [{**hit, "highlights": marks}], "total": 21, "next": "MjA="}
    page = look(await node.at.get("/search", params={"q": "salud"}))
    assert "21 documents found for salud" in page.words
    assert "de <b> salud" in page.words
    assert len(page.all("mark")) == 2
    assert page.all("h2") == [{"lang": "es", "dir": "auto"}]
    assert "/api/v1/documents/eca/salud" in {attributes["href"] for attributes in page.all("a")}
    assert "/search?q=salud&after=MjA%3D" in {attributes["href"] for attributes in page.all("a")}
    assert node.stands["search"].asked == [{"q": "salud", "limit": "20"}]


async def test_hostile_words_and_hits_stay_words(node: House):
    hit = {
        "key": "eca/document/x",
        "title": HOSTILE,
        "description": None,
        "language": HOSTILE,
        "highlights": {"text": HOSTILE + "<mark>"},
    }
    node.stands["search"].results = {"items": [hit], "total": 1, "next": HOSTILE}
    page = look(await node.at.get("/search", params={"q": HOSTILE}))
    assert page.all("input")[0]["value"] == HOSTILE


async def test_a_search_without_words_asks_nobody(node: House):
    look(await node.at.get("/search"))
    look(await node.at.get("/search?q=%20"))
    assert node.stands["search"].asked == []


async def test_a_search_that_fails_says_why(node: House):
    node.stands["search"].results = {"detail": "x"}
    assert "cannot answer" in look(await node.at.get("/search?q=a")).words


async def test_the_api_page_names_every_operation(node: House):
    page = look(await node.at.get("/docs"))
    tree = (await node.at.get("/openapi.json")).json()
    for path, item in tree["paths"].items():
        for method in item:
            assert f"{method.upper()} {path}" in page.words
    assert "keys" in {attributes.get("id") for _, attributes in page.elements}
    assert "Retry-After" in page.words or "too many" in page.words.lower()


async def test_what_is_not_there_is_a_page_for_people_and_a_document_for_programs(node: House):
    page = await node.at.get(f"/{'x' * 20}", headers=BROWSER)
    assert page.status_code == 404
    assert "There is no such thing here" in look(page).words
    program = await node.at.get("/nothing")
    assert (program.status_code, program.json()["code"]) == (404, "not-found")
    assert (await node.at.get("/api/v1/nothing", headers=BROWSER)).json()["code"] == "not-found"


async def test_the_style_sheet_fetches_nothing(node: House):
    answer = await node.at.get("/style.css")
    assert answer.headers["content-type"].startswith("text/css")
    assert "url(" not in answer.text
    assert "@import" not in answer.text


def luminance(colour):
    digits = colour if len(colour) == 6 else "".join(2 * digit for digit in colour)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


async def test_text_has_the_contrast_that_it_needs(node: House):
    sheet = (await node.at.get("/style.css")).text
    colours = dict(re.findall(r"--(\w+): #([0-9a-f]{3,6});", sheet))
    colours["about"] = re.search(r"\.about, small \{ color: #(\w+)", sheet)[1]
    for name in ("ink", "link", "bad", "about"):
        assert (1.05) / (luminance(colours[name]) + 0.05) >= 7, name


@pytest.mark.parametrize("state", list(State))
def test_every_state_has_a_word_and_a_shape(state):
    look_ = seen(participant(state=state)).items[0].look
    assert look_.word
    assert len(look_.shape) == 1


@pytest.mark.parametrize(
    ("node", "word", "behind"),
    [
        ({"behind_commits": None}, "not known", "not known"),
        ({"behind_commits": 0}, "current", "nothing"),
        ({"behind_commits": 1, "behind_seconds": 1.0}, "catching up", "1 commit, 1 second old"),
        ({"state": "desynchronised", "behind_commits": 2}, "stopped, needs a person", "2 commits"),
    ],
)
def test_unknown_is_never_zero_or_current(node, word, behind):
    participant_ = seen(participant(**node)).items[0]
    assert (participant_.look.word, participant_.behind) == (word, behind)


def test_a_network_of_one_says_so():
    assert seen(participant(ours=True)).summary == "No other node takes part yet."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 seconds"), (59, "59 seconds"), (60, "1 minute"), (7_300, "2 hours"), (90_000, "1 day")],
)
def test_an_age_is_said_as_people_say_it(seconds, words):
    assert age(seconds) == words


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <mark>b</mark> c", "a <mark>b</mark> c"),
        ("&lt;b&gt;<mark>x</mark>", "&lt;b&gt;<mark>x</mark>"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ("</mark>a<mark>", "a"),
        ("<mark><mark>a</mark></mark>", "a"),
        ("a<mark>b", "ab"),
    ],
)
def test_marks_are_the_only_markup_of_a_passage(text, html):
    assert str(marked(text)) == html


def test_an_answer_that_cannot_be_read_is_a_problem():
    for body in (b"", b"[]", b'{"items":[{"key":"x","title":"y"}],"total":1}'):
        with pytest.raises(Problem):
            read_results(200, body)
    with pytest.raises(Problem, match="too many words"):
        read_results(422, b'{"detail":"too many words"}')


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({"type": "string", "maxLength": 5}, "string (at most 5 characters)"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/A"}}, 'list of <a href="#shape-A">A</a>'),
        ({"enum": ["a", "<b>"]}, "a or &lt;b&gt;"),
        ({"const": 1}, "1"),
        ({"type": ["string", "null"]}, "string or null"),
        ({}, "anything"),
    ],
)
def test_a_type_is_told_in_a_few_words(schema, text):
    assert str(type_of(schema)) == text

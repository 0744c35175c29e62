"""The demo's documents: well formed, in six languages, and true to the database they cite. Not for loading them."""

import csv
import gzip
import json
import os
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

DEMO = Path(__file__).parents[3] / "demo"
NODES = ("eca", "ece", "eclac", "escap", "escwa")
FIELDS = {
    "id",
    "type",
    "title",
    "description",
    "text",
    "language",
    "creator",
    "subject",
    "themes",
    "groups",
    "countries",
    "issued",
    "license",
    "source",
    "relation",
    "status",
    "audience",
}
TYPES = {"policy-brief", "national-plan", "publication", "good-practice", "training-material", "data-note"}
THEMES = {"social-inclusion", "gender-equality", "health-promotion", "population-development"}
GROUPS = {
    "vulnerable-women",
    "older-persons",
    "young-people-ncd",
    "persons-with-disabilities",
    "migrants",
    "indigenous-peoples",
    "rural-poor",
    "slum-dwellers",
    "children",
    "youth",
}
DENOMINATORS = {"1,000", "100,000"}  # "per 1,000 women"
POINT_LANGUAGES = {"ar", "en", "zh"}  # the others write a decimal comma
DRAFT = {"status": "draft", "audience": "local"}


class Cell(NamedTuple):
    """One observation's place in the database; `dimensions` is "Age=15+;Sex=FEMALE", in the database's order."""

    series: str
    area: str
    year: str
    dimensions: str


class Figure(NamedTuple):
    """A number that a document cites: where it is in the database, its value there, and as it is printed."""

    node: str
    document: str
    cell: Cell
    value: str
    printed: str


@cache
def documents(node: str) -> tuple[dict[str, Any], ...]:
    lines = (DEMO / node / "documents.ndjson").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@cache
def figures() -> tuple[Figure, ...]:
    with (DEMO / "figures.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Figure(
                r["node"], r["id"], Cell(r["series"], r["area"], r["year"], r["dimensions"]), r["value"], r["printed"]
            )
            for r in csv.DictReader(file)
        )


def everything() -> list[tuple[str, dict[str, Any]]]:
    return [(node, document) for node in NODES for document in documents(node)]


def cited_by(node: str, document: dict[str, Any]) -> list[Figure]:
    return [figure for figure in figures() if (figure.node, figure.document) == (node, document["id"])]


def number(printed: str, language: str) -> float:
    return float(printed.replace(",", "") if language in POINT_LANGUAGES else printed.replace(",", "."))


def precision(printed: str, language: str) -> int:
    _, _, decimals = printed.partition("." if language in POINT_LANGUAGES else ",")
    return len(decimals)


def stands_in(printed: str, text: str) -> bool:
    """Whether the number stands there whole: 7.3 is not found in 17.3 or 7.35."""
    return re.search(rf"(?<!\d)(?<!\d[.,]){re.escape(printed)}(?![.,]?\d)", text) is not None


def reference_data() -> Path:
    if not (path := os.environ.get("WEFT_TEST_DATA")):
        pytest.skip("WEFT_TEST_DATA is not set: the UNSD database to compare with is not here")
    return Path(path)


@pytest.fixture(scope="module")
def database() -> dict[Cell, str]:
    """The database's values of the cells that are cited; the rest of its million rows is passed over."""
    path = reference_data() / "unsd-sdg" / "observations.csv.gz"
    wanted = {figure.cell[:3] for figure in figures()}
    found: dict[Cell, str] = {}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        names = next(rows)[6:]
        for series, area, year, value, _nature, _units, *codes in rows:
            if (series, area, year) in wanted:
                dimensions = ";".join(f"{name}={code}" for name, code in zip(names, codes, strict=True) if code)
                found[Cell(series, area, year, dimensions)] = value
    return found


@pytest.mark.parametrize("node", NODES)
def test_every_document_has_exactly_the_agreed_fields(node: str) -> None:
    for document in documents(node):
        assert set(document) == FIELDS, document["id"]
        assert re.fullmatch(r"[a-z0-9._-]{1,128}", document["id"])
        assert document["type"] in TYPES
        assert set(document["themes"]) <= THEMES
        assert document["themes"]
        assert set(document["groups"]) <= GROUPS
        assert document["subject"]
        assert document["creator"] == [f"{node.upper()} (illustration)"]
        assert all(re.fullmatch(r"[1-9]\d{0,2}", area) for area in document["countries"])
        assert document["status"] in {"draft", "published"}
        assert document["audience"] in ("local", "network", ["eca"])


@pytest.mark.parametrize("node", NODES)
def test_ids_are_unique_within_a_node(node: str) -> None:
    ids = Counter(document["id"] for document in documents(node))
    assert ids
    assert max(ids.values()) == 1


def test_each_of_the_six_languages_is_read_by_the_whole_network_at_least_twice() -> None:
    languages = Counter(document["language"] for _, document in everything() if document["audience"] == "network")
    assert set(languages) == {"ar", "en", "es", "fr", "ru", "zh"}
    assert min(languages.values()) >= 2


@pytest.mark.parametrize("node", NODES)
def test_every_node_keeps_one_draft_to_itself(node: str) -> None:
    drafts = [document for document in documents(node) if document["status"] == "draft"]
    assert [{"status": draft["status"], "audience": draft["audience"]} for draft in drafts] == [DRAFT]


def test_one_published_document_is_private_and_one_is_for_eca_alone_both_at_ece() -> None:
    narrow = [(n, d["audience"]) for n, d in everything() if d["status"] == "published" and d["audience"] != "network"]
    assert sorted(narrow, key=str) == [("ece", "local"), ("ece", ["eca"])]


def test_finished_texts_are_150_to_350_words_long() -> None:
    for _, document in everything():
        if document["status"] == "published":
            text = document["text"]
            # Chinese is written without spaces; a word is about two characters.
            words = len(text) // 2 if document["language"] == "zh" else len(text.split())
            assert 150 <= words <= 350, (document["id"], words)


def test_every_text_says_that_it_is_an_illustration_and_where_its_figures_are_from() -> None:
    for _, document in everything():
        last = document["text"].split("\n\n")[-1]
        assert "Weft" in last, document["id"]
        assert "2020" in last, document["id"]


def test_every_cited_figure_stands_in_its_document() -> None:
    texts = {(node, document["id"]): document["text"] for node, document in everything()}
    assert [f for f in figures() if not stands_in(f.printed, texts[f.node, f.document])] == []


def test_every_decimal_and_thousand_in_a_text_is_a_cited_figure() -> None:
    for node, document in everything():
        printed = {figure.printed for figure in cited_by(node, document)}
        assert set(re.findall(r"\d+[.,]\d+", document["text"])) <= printed | DENOMINATORS, document["id"]


def test_a_document_names_the_countries_that_its_figures_are_about_and_no_other() -> None:
    for node, document in everything():
        assert set(document["countries"]) == {figure.cell.area for figure in cited_by(node, document)}, document["id"]


def test_a_printed_figure_is_its_value_rounded_to_the_decimals_shown() -> None:
    languages = {(node, document["id"]): document["language"] for node, document in everything()}
    for figure in figures():
        language = languages[figure.node, figure.document]
        half = 0.5 * 10 ** -precision(figure.printed, language)
        assert abs(number(figure.printed, language) - float(figure.value)) <= half + 1e-9, figure


@pytest.mark.parametrize("figure", figures(), ids=lambda f: f"{f.document}:{f.cell.series}:{f.cell.area}:{f.printed}")
def test_a_cited_value_is_the_databases(figure: Figure, database: dict[Cell, str]) -> None:
    assert figure.cell in database
    assert float(figure.value) == float(database[figure.cell])


def test_a_commission_writes_about_its_members() -> None:
    with (reference_data() / "commission_membership.csv").open(encoding="utf-8", newline="") as file:
        members = {
            (r["commission"].lower(), str(int(r["m49"]))) for r in csv.DictReader(file) if r["status"] == "member"
        }
    assert {(figure.node, figure.cell.area) for figure in figures()} <= members

"""A real index of each engine, and the words to fill and ask it."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from services.search.engine.interface import Engine, Page, Query, Upsert, Visibility
from tests.unit.search import engines
from tests.unit.search.engines import ENGINES, Place

_serial = count(1)


def document(title: str = "", language: str = "en", **fields: object) -> Upsert:
    name = fields.pop("id", None) or f"d{next(_serial)}"
    given = {
        "origin": "eclac",
        "type": "brief",
        "public": True,
        "version": 1,
        "updated_at": "2024-05-06T07:08:09Z",
    } | fields
    key = f"{given['origin']}/document/{name}"
    return Upsert(key=key, id=name, title=title, language=language, **given)  # type: ignore[arg-type]  # tests choose the fields


def ask(engine: Engine, text: str = "", **how: object) -> Page:
    return engine.query(Query(**({"text": text, "visibility": Visibility.PUBLIC} | how)))  # type: ignore[arg-type]  # as above


def ids(page: Page) -> list[str]:
    return [hit.document.id for hit in page.hits]


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    yield from engines.place(request.param, tmp_path)


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    opened = place.begin()
    yield opened
    opened.close()


@pytest.fixture(name="document")
def _document() -> Callable[..., Upsert]:
    return document


@pytest.fixture(name="ask")
def _ask() -> Callable[..., Page]:
    return ask


@pytest.fixture(name="ids")
def _ids() -> Callable[[Page], list[str]]:
    return ids

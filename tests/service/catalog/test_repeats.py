"""Creating with an Idempotency-Key: however often the same request is sent, it makes one document."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.service.catalog.desk import Catalog, document
from weft.identity import Caller, Role
from weft.passport import HEADER
from weft.records import repeats


def post(catalog: Catalog, one: Any, key: str, *, caller: str = "someone") -> Any:
    passport = catalog.passports.issue(Caller(caller, Role.EDITOR))
    headers = {"Idempotency-Key": key, HEADER.decode(): passport}
    return catalog.client.post(catalog.prefix, json=one, headers=headers)


def test_the_same_request_again_is_answered_alike_and_writes_nothing(catalog: Catalog) -> None:
    first, again = (post(catalog, document(), "k1") for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.content, again.headers["location"]) == (first.content, first.headers["location"])
    assert again.headers["etag"] == first.headers["etag"]
    assert (catalog.get().json()["total"], catalog.journalled()) == (1, 1)


def test_another_request_with_the_same_key_is_refused_and_another_key_or_caller_makes_another(catalog: Catalog) -> None:
    post(catalog, document(), "k1")
    other = post(catalog, document(title="Another"), "k1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert catalog.get().json()["total"] == 1
    assert post(catalog, document(), "k2").status_code == 201
    assert post(catalog, document(), "k1", caller="somebody else").status_code == 201
    assert catalog.get().json()["total"] == 3


def test_a_request_that_was_refused_may_be_corrected_under_the_same_key(catalog: Catalog) -> None:
    assert post(catalog, document(audience=["nobody"]), "k1").status_code == 422
    assert post(catalog, document(), "k1").status_code == 201


def test_a_document_that_was_revised_since_is_answered_as_it_is_now(catalog: Catalog) -> None:
    made = post(catalog, document(), "k1").json()
    id_ = made["key"].rpartition("/")[2]
    revised = catalog.put(id_, document(title="Revised"), version=made["version"])
    again = post(catalog, document(), "k1")
    assert (again.status_code, again.headers["etag"]) == (201, revised.headers["etag"])
    assert again.json()["title"] == "Revised"


def test_the_same_request_many_times_at_once_makes_one_document(catalog: Catalog) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(catalog, document(), "k1"), range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert (catalog.get().json()["total"], catalog.journalled()) == (1, 1)


def test_a_key_is_forgotten_after_its_time_and_when_there_are_too_many(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "MOST", 2)
    for key in ("k1", "k2", "k3"):
        post(catalog, document(), key)
    assert post(catalog, document(), "k3").status_code == 201
    assert catalog.get().json()["total"] == 3
    post(catalog, document(), "k1")
    assert catalog.get().json()["total"] == 4
    monkeypatch.setattr(repeats, "KEPT", repeats.KEPT * 0)
    post(catalog, document(), "k1")
    assert catalog.get().json()["total"] == 5


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_a_length(catalog: Catalog, key: str) -> None:
    assert post(catalog, document(), key).status_code == 422
    assert catalog.get().json()["total"] == 0

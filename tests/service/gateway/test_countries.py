"""A country's profile: of all services at once, and honest about what is missing."""

import pytest

from gateway.countries import compose
from tests.service.gateway.house import House

PATH = "/api/v1/countries"


def document(id_: str) -> dict:
    return {"key": f"eclac/document/{id_}", "title": id_}


async def test_a_country_is_known_by_each_of_its_codes(both: House):
    both.catalog.lists["documents"] = {"items": [document("a")], "total": 12, "next": "x"}
    answers = [await both.at.get(f"{PATH}/{code}") for code in ("170", "CO", "COL", "col")]
    assert len({answer.text for answer in answers}) == 1
    told = answers[0].json()
    area = told["area"]
    assert (area["m49"], area["iso2"], area["iso3"]) == ("170", "CO", "COL")
    assert set(area["names"]) == {"ar", "zh", "en", "fr", "ru", "es"}
    assert area["commissions"] == {"eclac": "member"}
    assert told["documents"] == {"items": [document("a")], "total": 12, "href": "/api/v1/documents?country=170"}
    assert told["indicators"] == {"area": "170", "series": "indicators"}
    assert (told["barriers"]["total"], told["missing"]) == (0, [])
    assert {"country": "170", "limit": "10"} in both.catalog.asked


@pytest.mark.parametrize(("code", "status"), [("XX", 404), ("999", 404), ("colombia", 422), ("%C3%A9", 404)])
async def test_what_is_no_country_is_not_found(node: House, code, status):
    assert (await node.at.get(f"{PATH}/{code}")).status_code == status


async def test_a_service_that_is_down_leaves_its_parts_out_by_name(node: House):
    del node.wiring.apps["indicators"]
    told = (await node.at.get(f"{PATH}/CO")).json()
    assert (told["missing"], told["indicators"], told["documents"]["total"]) == (["indicators"], None, 0)


async def test_a_service_that_is_slow_is_not_waited_for(node: House, monkeypatch):
    monkeypatch.setattr(compose, "SECONDS", 0.1)
    node.catalog.holding = True
    told = (await node.at.get(f"{PATH}/CO")).json()
    assert told["missing"] == ["documents", "barriers", "measures"]
    assert told["indicators"]


async def test_an_answer_that_cannot_be_read_is_as_none(node: House):
    node.catalog.lists["measures"] = {"items": 1}
    assert (await node.at.get(f"{PATH}/CO")).json()["missing"] == ["measures"]


async def test_what_is_whole_and_public_may_be_kept_by_all_and_nothing_else(node: House):
    public = await node.at.get(f"{PATH}/CO")
    assert public.headers["cache-control"].startswith("public, max-age=60")
    assert "Authorization" in public.headers["vary"]
    again = await node.at.get(f"{PATH}/CO", headers={"If-None-Match": f'W/{public.headers["etag"]}, "x"'})
    assert (again.status_code, again.content) == (304, b"")
    _, reader = await node.key("reader")
    assert "private" in (await node.at.get(f"{PATH}/CO", headers=reader)).headers["cache-control"]
    node.catalog.lists["documents"] = {"items": [document("a")], "total": 1}
    changed = await node.at.get(f"{PATH}/CO", headers={"If-None-Match": public.headers["etag"]})
    assert changed.status_code == 200
    del node.wiring.apps["catalog"]
    assert "private" in (await node.at.get(f"{PATH}/CO")).headers["cache-control"]

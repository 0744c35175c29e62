"""Barriers and measures: what may be said of them, and how they are found from each other and from what they are about."""

from typing import Any

import pytest

from services.catalog.barriers import BARRIER
from services.catalog.measures import MEASURE
from tests.service.catalog.desk import US, Catalog, barrier, document, measure
from weft.records import wire

KEY = f"{US}/barrier/fees"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"type": "physical"}, "type"),
        ({"groups": ["everybody"]}, "groups.0"),
        ({"documents": ["no-key"]}, "documents.0"),
        ({"indicators": ["sdg.1.1.1"]}, "indicators.0"),
        ({"evidence": [{"statement": "x", "source": "eca/document/x"}]}, "evidence.0.strength"),
        ({"evidence": [{"statement": "x", "source": "eca/document/x", "strength": "rumour"}]}, "evidence.0.strength"),
        (
            {"evidence": [{"statement": "", "source": "eca/document/x", "strength": "anecdotal"}]},
            "evidence.0.statement",
        ),
        ({"evidence": [{"statement": "x", "source": "somewhere", "strength": "anecdotal"}]}, "evidence.0.source"),
        ({"evidence": [{"statement": "x", "source": "ftp://a.b", "strength": "anecdotal"}]}, "evidence.0.source"),
        (
            {"evidence": [{"statement": "x", "source": "eca/document/x", "strength": "anecdotal", "by": 1}]},
            "evidence.0.by",
        ),
        (
            {"evidence": [{"statement": "a\x00", "source": "eca/document/x", "strength": "anecdotal"}]},
            "evidence.0.statement",
        ),
        ({"severity": "high"}, "severity"),
        ({"status": "draft"}, "audience"),
    ],
)
def test_what_is_wrong_with_a_barrier_is_named(catalog: Catalog, changed: dict[str, Any], field: str) -> None:
    answer = catalog.at(BARRIER).put("fees", barrier(**changed))
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["fields"]] == [field]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": "wish"}, "kind"),
        ({"result": "excellent"}, "result"),
        ({"result": None}, "result"),
        ({"years": {"from": 2014, "to": 2010}}, "years"),
        ({"years": {"to": 2010}}, "years.from"),
        ({"years": {"from": "2014"}}, "years.from"),
        ({"years": {"from": 2014.5}}, "years.from"),
        ({"years": {"from": 2014, "until": 2015}}, "years.until"),
        ({"reach": {"quantity": "many", "unit": "children"}}, "reach.quantity"),
        ({"reach": {"quantity": 5, "unit": "children"}}, "reach.quantity"),
        ({"reach": {"quantity": "٥", "unit": "children"}}, "reach.quantity"),
        ({"reach": {"quantity": "5"}}, "reach.unit"),
        ({"cost": {"amount": "-5", "currency": "USD", "year": 2020}}, "cost.amount"),
        ({"cost": {"amount": "1e6", "currency": "USD", "year": 2020}}, "cost.amount"),
        ({"cost": {"amount": "5", "currency": "dollars", "year": 2020}}, "cost.currency"),
        ({"cost": {"amount": "5", "currency": "USD"}}, "cost.year"),
        ({"barriers": ["eca/barrier/a", "b"]}, "barriers.1"),
    ],
)
def test_what_is_wrong_with_a_measure_is_named(catalog: Catalog, changed: dict[str, Any], field: str) -> None:
    answer = catalog.at(MEASURE).put("table", measure(**changed))
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["fields"]] == [field]


def test_each_is_found_by_what_it_is_about(catalog: Catalog) -> None:
    catalog.put("brief", document(relation=[KEY]))
    barriers, measures = catalog.at(BARRIER), catalog.at(MEASURE)
    barriers.put("fees", barrier(documents=[f"{US}/document/brief"]))
    barriers.put("law", barrier(type="legal", groups=["migrants"], countries=["MX"], evidence=[], indicators=[]))
    measures.put("table", measure(barriers=[KEY], documents=[f"{US}/document/brief"]))
    measures.put("cash", measure(kind="transfer", barriers=[], result="mixed", countries=["MX"], evidence=[]))

    def ids(desk: Catalog, **query: str) -> set[str]:
        answer = desk.get(params=query)
        assert answer.status_code == 200, answer.text
        found = {item["key"].rpartition("/")[2] for item in answer.json()["items"]}
        assert answer.json()["total"] == len(found)
        return found

    assert ids(barriers, type="legal") == ids(barriers, group="migrants") == {"law"}
    assert ids(barriers, indicator="un/indicator/sdg.16.9.1") == ids(barriers, strength="anecdotal") == {"fees"}
    assert ids(barriers, document=f"{US}/document/brief") == {"fees"}
    assert ids(barriers, country="ETH") == ids(barriers, commission="eca") == {"fees"}
    assert ids(barriers, commission="eclac") == {"law"}
    assert ids(barriers, commission="eca", country="TZ") == {"fees"}
    assert ids(barriers, commission="eca", country="MX") == set()
    assert ids(barriers, theme="social-inclusion", language="en", status="published") == {"fees", "law"}
    assert ids(measures, barrier=KEY) == ids(measures, kind="service") == ids(measures, result="worked") == {"table"}
    assert ids(measures, country="484") == ids(measures, result="mixed") == {"cash"}
    assert ids(measures, strength="evaluated", document=f"{US}/document/brief") == {"table"}
    assert ids(catalog, relation=KEY) == {"brief"}
    for desk, query in ((barriers, {"barrier": KEY}), (measures, {"type": "legal"}), (measures, {"barrier": "x"})):
        assert desk.get(params=query).status_code == 422


def test_no_kind_refers_from_a_wider_audience_to_a_narrower_one_of_any_kind(catalog: Catalog) -> None:
    catalog.put("kept", document(audience="local"))
    barriers, measures = catalog.at(BARRIER), catalog.at(MEASURE)
    kept = f"{US}/document/kept"
    said = [{"statement": "x", "source": kept, "strength": "anecdotal"}]
    for changed, field in (({"documents": [kept]}, "document"), ({"evidence": said}, "evidence")):
        refused = barriers.put("fees", barrier(**changed))
        assert (refused.status_code, refused.json()["code"]) == (422, "reference-too-wide")
        assert refused.json()["detail"].startswith(f"{field}:")
    assert barriers.put("fees", barrier(audience="local", documents=[kept])).status_code == 201
    assert measures.put("table", measure(barriers=[KEY])).json()["code"] == "reference-too-wide"
    assert measures.put("table", measure(barriers=[KEY], audience="local")).status_code == 201
    catalog.put("open", document(relation=[f"{US}/measure/later"]))
    narrower = measures.put("later", measure(barriers=[], audience="local"))
    assert (narrower.json()["code"], f"{US}/document/open" in narrower.json()["detail"]) == ("reference-too-wide", True)


def test_a_deletion_is_not_taken_back_when_what_it_referred_to_was_narrowed(catalog: Catalog) -> None:
    barriers = catalog.at(BARRIER)
    catalog.put("brief", document())
    barriers.put("fees", barrier(documents=[f"{US}/document/brief"]))
    barriers.request("DELETE", f"/{US}/fees?undo_seconds=600", headers={"If-Match": "*"})
    assert catalog.put("brief", document(audience="local"), headers={"If-Match": "*"}).status_code == 200
    refused = barriers.request("POST", f"/{US}/fees/undelete")
    assert (refused.status_code, refused.json()["code"]) == (422, "reference-too-wide")
    assert barriers.get(f"/{US}/fees").status_code == 404


def test_the_forms_that_travel_keep_what_they_do_not_know() -> None:
    later = {
        "years": {"from": 2014, "phase": 2},
        "reach": {"quantity": "5", "unit": "children", "share": "0.5"},
        "cost": {"amount": "5", "currency": "USD", "year": 2020, "by": "us"},
        "evidence": [{"statement": "x", "source": "eca/document/x", "strength": "trial", "n": 5}],
    }
    times = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-02T00:00:00.000Z"}
    for kind, fields in ((MEASURE, measure(**later)), (BARRIER, barrier(evidence=later["evidence"]))):
        body = wire.write({name: value for name, value in fields.items() if name != "audience"} | times | {"new": [1]})
        body = body.replace(b'"TZA"', b'"834"')
        assert wire.read(kind.read(body).to_bytes()) == wire.read(body)

"""Regional targets and indicators: what editors may say of them, how they go on, and what they descend from."""

import itertools
import json

import pytest

from services.indicators.indicators import INDICATOR
from services.indicators.lifecycle import NEXT, may_follow
from services.indicators.official import load
from tests.service.indicators.proposals import indicator, target
from weft.identity import Role
from weft.protocol.names import Epoch, Key, Version
from weft.records import wire
from weft.records.rows import Entry

NDJSON = {"Content-Type": "application/x-ndjson"}
STEPS = [(present, wanted) for present in NEXT for wanted in NEXT]


def put(desk, id_, one, plural="indicators", **given):
    return desk.put_at(f"/{plural}/eca/{id_}", one, **given)


def receive(desk, key, one, *, public=True):
    """Show a peer's indicator as applying its feed would."""
    said = {name: value for name, value in one.items() if name != "audience"}
    times = {"created_at": "2026-01-01T00:00:00.000Z", "updated_at": "2026-01-01T00:00:00.000Z"}
    record = INDICATOR.read(wire.write(said | times))
    with desk.node.database.writing() as session:
        INDICATOR.show(session, [Entry(Key.parse(key), Version(Epoch.after(0, 7), 1), record, public)])


def keys(answer):
    return [item["key"] for item in answer.json()["items"]]


def test_what_is_written_is_answered_to_anybody(desk):
    assert put(desk, "own-income", indicator()).status_code == 201
    found = desk.get("/indicators/eca/own-income", by=Role.ANONYMOUS).json()
    assert {name: found[name] for name in indicator() if name != "audience"} == {
        name: value for name, value in indicator().items() if name != "audience"
    }
    assert "audience" not in found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", {}),
        ("title", {"en": "two\nlines"}),
        ("title", {"not a language!": "T"}),
        ("definition", {"en": "reads \u202ebackwards"}),
        ("number", "seven point one!"),
        ("framework", "un/goal/mdg-2008.1"),
        ("targets", ["un/indicator/mdg-2008.1.1"]),
        ("disaggregation", ["REF_AREA"]),
        ("disaggregation", ["sex"]),
        ("themes", ["weather"]),
        ("groups", ["everybody"]),
        ("series", ["no code"]),
        ("adapts", ["not a key"]),
        ("status", "draft"),
        ("status", "shelved"),
    ],
)
def test_what_is_not_valid_is_refused_with_the_field_named(desk, field, value):
    answer = put(desk, "bad", indicator(**{field: value}))
    assert answer.status_code == 422
    assert answer.json()["fields"][0]["field"].startswith(field)


@pytest.mark.parametrize(
    "value",
    [
        {"direction": "decrease", "year": 2015, "base_year": 1990, "value": "1", "of_base": "1/2"},
        {"direction": "decrease", "year": 2015, "of_base": "1/2"},
        {"direction": "decrease", "year": 1990, "base_year": 1990, "value": "1"},
        {"direction": "sideways", "year": 2015},
        {"direction": "decrease", "year": 2015, "base_year": 1990, "of_base": "half"},
        {"direction": "decrease", "year": 2015, "base_year": 1990, "of_base": "1/0"},
        {"direction": "decrease", "year": "2015"},
        {"direction": "decrease", "year": 2015, "vlaue": "3"},
    ],
)
def test_values_that_say_too_much_or_too_little_are_refused(desk, value):
    assert put(desk, "bad", target(values=[value]), "targets").status_code == 422


def test_a_target_without_an_amount_names_the_direction_alone(desk):
    only = [{"series": "SH_HIV_INCD", "direction": "decrease", "year": 2015}]
    assert put(desk, "hiv", target(values=only), "targets").json()["values"] == only


@pytest.mark.parametrize(("present", "wanted"), STEPS)
def test_a_status_follows_another_as_the_table_says(desk, present, wanted):
    version = put(desk, "own-income", indicator(status=present)).json()["version"]
    answer = put(desk, "own-income", indicator(status=wanted, unit="PT_W"), version=version)
    if present == wanted or wanted in NEXT[present]:
        assert answer.status_code == 200, answer.text
    else:
        assert (answer.status_code, answer.json()["code"]) == (422, "no-such-step")
        assert answer.json()["allowed"] == sorted(NEXT[present])


def test_nothing_is_endorsed_without_having_been_reviewed():
    assert not may_follow("proposed", "endorsed")
    assert not may_follow("retired", "endorsed")
    reached = {start: _reachable(start) for start in NEXT}
    assert all("endorsed" in found for found in reached.values())


def test_an_import_refuses_the_lines_whose_status_cannot_follow(desk):
    put(desk, "a", indicator(status="proposed"))
    lines = [{"id": "a", **indicator(status="endorsed")}, {"id": "b", **indicator(status="endorsed")}]
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    report = desk.request("POST", "/indicators/bulk?keep_going=true", content=content, headers=NDJSON).json()
    assert [
        (line["id"], line["outcome"], line.get("code")) for line in sorted(report["lines"], key=lambda x: x["id"])
    ] == [
        ("a", "refused", "no-such-step"),
        ("b", "created", None),
    ]


def test_each_kind_has_steps_of_its_own(desk):
    put(desk, "same", indicator(status="endorsed"))
    assert put(desk, "same", target(status="proposed"), "targets").status_code == 201


def test_lineage_is_told_both_ways_across_nodes(desk):
    receive(desk, "eclac/indicator/own-income", indicator(status="endorsed", complements=["un/indicator/mdg-2008.1.1"]))
    put(desk, "own-income", indicator(adapts=["eclac/indicator/own-income"]))
    with desk.node.database.writing() as session:
        load.follow(session, desk.node.incarnation)
    older = desk.get("/indicators/eclac/own-income", by=Role.ANONYMOUS).json()["lineage"]
    assert [one["key"] for one in older["complements"]] == ["un/indicator/mdg-2008.1.1"]
    assert [(one["key"], one["status"]) for one in older["adapted_by"]] == [("eca/indicator/own-income", "proposed")]
    younger = desk.get("/indicators/eca/own-income", by=Role.ANONYMOUS).json()["lineage"]
    assert younger["adapts"][0]["title"] == indicator()["title"]
    official = desk.get("/indicators/un/mdg-2008.1.1", by=Role.ANONYMOUS).json()["lineage"]
    assert set(official) == {"complemented_by"}
    assert keys(desk.get("/indicators?adapts=eclac/indicator/own-income")) == ["eca/indicator/own-income"]


def test_lineage_tells_nobody_of_what_they_may_not_see(desk):
    receive(desk, "eclac/indicator/own-income", indicator())
    put(desk, "secret", indicator(adapts=["eclac/indicator/own-income"], audience="local"))
    path = "/indicators/eclac/own-income"
    assert "lineage" not in desk.get(path, by=Role.ANONYMOUS).json()
    assert desk.get(path, by=Role.READER).json()["lineage"]["adapted_by"][0]["key"] == "eca/indicator/secret"


def test_relatives_that_are_not_here_are_left_out_of_the_lineage(desk):
    put(desk, "own-income", indicator(adapts=["escap/indicator/nowhere"]))
    found = desk.get("/indicators/eca/own-income").json()
    assert found["adapts"] == ["escap/indicator/nowhere"]
    assert "lineage" not in found


def test_a_new_relative_changes_what_a_reader_has_but_not_what_a_writer_must_name(desk):
    put(desk, "old", indicator())
    before = desk.get("/indicators/eca/old")
    put(desk, "new", indicator(replaces=["eca/indicator/old"]))
    again = desk.get("/indicators/eca/old", headers={"If-None-Match": before.headers["etag"]})
    assert again.status_code == 200
    assert again.json()["lineage"]["replaced_by"][0]["key"] == "eca/indicator/new"
    changed = desk.put_at("/indicators/eca/old", indicator(unit="PT_W"), headers={"If-Match": again.headers["etag"]})
    assert changed.status_code == 200


def test_a_record_for_all_does_not_name_one_that_is_for_this_node_alone(desk):
    put(desk, "inner", target(audience="local"), "targets")
    answer = put(desk, "outer", indicator(targets=["eca/target/inner"]))
    assert (answer.status_code, answer.json()["code"]) == (422, "reference-too-wide")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("framework=un/framework/mdg-2008", {"a", "b"}),
        ("target=un/target/mdg-2008.1.a", {"a"}),
        ("status=endorsed", {"b"}),
        ("theme=gender-equality", {"a"}),
        ("group=older-persons", {"b"}),
        ("measured_by=SI_OWN_INC", {"a"}),
        ("complements=un/indicator/mdg-2008.1.1", {"b"}),
        ("origin=eca", {"a", "b"}),
        ("origin=eclac", set()),
        ("status=endorsed&theme=gender-equality", set()),
    ],
)
def test_lists_are_narrowed_by_what_indicators_say(desk, query, found):
    put(desk, "a", indicator())
    other = {"targets": [], "themes": ["social-inclusion"], "groups": ["older-persons"], "series": ["SI_PEN_COV"]}
    put(desk, "b", indicator(status="endorsed", complements=["un/indicator/mdg-2008.1.1"], **other))
    assert {key.rpartition("/")[2] for key in keys(desk.get(f"/indicators?{query}"))} == found


def test_targets_are_found_by_what_they_are_measured_by(desk):
    put(desk, "a", target(), "targets")
    assert keys(desk.get("/targets?measured_by=SI_OWN_INC&goal=un/goal/mdg-2008.1")) == ["eca/target/a"]


@pytest.mark.parametrize("form", ["ndjson", "csv"])
@pytest.mark.parametrize("plural", ["indicators", "targets"])
def test_what_is_exported_can_be_imported_as_it_was(desk, plural, form):
    make = indicator if plural == "indicators" else target
    put(desk, "a", make(), plural)
    put(desk, "b", make(title={"fr": '=titre|à; "part"', "ar": "عنوان"}, number=None, audience="local"), plural)
    exported = desk.get(f"/{plural}/export?format={form}&origin=eca")
    before = desk.get(f"/{plural}").json()["items"]
    media = "text/csv" if form == "csv" else "application/x-ndjson"
    report = desk.request("POST", f"/{plural}/bulk", content=exported.content, headers={"Content-Type": media})
    assert (report.status_code, report.json()["unchanged"]) == (200, 2), report.text
    assert desk.get(f"/{plural}").json()["items"] == before


def test_frameworks_and_goals_of_a_region_are_written_like_any_record(desk):
    framework = {"title": {"en": "Regional list"}, "audience": "network"}
    assert put(desk, "regional", framework, "frameworks").status_code == 201
    goal = {"framework": "eca/framework/regional", "number": "1", "title": {"en": "Dignity"}, "audience": "network"}
    made = desk.request("POST", "/goals", json=goal)
    assert made.status_code == 201
    assert keys(desk.get("/goals?framework=eca/framework/regional")) == [made.json()["key"]]


def _reachable(start):
    found = {start}
    for _, step in itertools.product(NEXT, NEXT.items()):
        if step[0] in found:
            found |= step[1]
    return found

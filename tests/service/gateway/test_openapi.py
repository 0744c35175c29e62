"""One description of all services: valid, only of what is reachable, with every problem in it."""

import json
import re
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.definitions import OPENAPI_31

from gateway import paths
from gateway.defaults import PLAIN
from gateway.merge import merged
from gateway.problems import CrookedPath
from tests.service.gateway.house import House, house


def document(paths, **schemas):
    return {"openapi": "3.1.0", "info": {}, "paths": paths, "components": {"schemas": schemas}}


def answers(name):
    return {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}, "description": "x"}


def read(name):
    return {"get": {"operationId": name, "responses": {"200": answers(name)}}}


def whole(**documents):
    return merged(documents, title="Weft", version="1", url="http://127.0.0.1", node="eclac")


def refers(tree, path, status="200"):
    return tree["paths"][path]["get"]["responses"][status]["content"]["application/json"]["schema"]["$ref"]


async def test_the_description_is_valid_openapi(both: House):
    tree = (await both.at.get("/openapi.json")).json()
    Draft202012Validator(OPENAPI_31).validate(tree)


async def test_what_is_not_public_is_not_described(node: House):
    text = (await node.at.get("/openapi.json")).text
    assert "/internal" not in text
    assert set(json.loads(text)["paths"]) >= {"/api/v1/documents/{origin}/{id}", "/api/v1/keys", "/api/v1/network"}


async def test_the_description_has_an_etag(node: House):
    first = await node.at.get("/openapi.json")
    again = await node.at.get("/openapi.json", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_every_operation_tells_its_problems_and_credentials(node: House):
    tree = (await node.at.get("/openapi.json")).json()
    for item in tree["paths"].values():
        for method, operation in item.items():
            assert {"400", "401", "429", "503", "default"} <= set(operation["responses"])
            staff = operation.get("tags") in (["keys"], ["webhooks"])
            assert ({} in operation["security"]) is (method == "get" and not staff)
            for response in operation["responses"].values():
                if "$ref" in response:
                    assert response["$ref"].rsplit("/", 1)[1] in tree["components"]["responses"]
    assert "HTTPValidationError" not in json.dumps(tree)


async def test_every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own(node: House):
    tree = (await node.at.get("/openapi.json")).json()
    text = json.dumps(tree)
    for reference in {part.split('"')[0] for part in text.split('"$ref": "#/')[1:]}:
        found = tree
        for step in reference.split("/"):
            found = found[step]
    names = [operation["operationId"] for item in tree["paths"].values() for operation in item.values()]
    assert len(names) == len(set(names))


async def test_examples_are_kept(node: House):
    tree = (await node.at.get("/openapi.json")).json()
    parameters = tree["paths"]["/api/v1/documents/{origin}/{id}"]["get"]["parameters"]
    assert {"a-brief"} in [set(parameter["schema"].get("examples", [])) for parameter in parameters]


async def test_it_is_given_whole_or_not_at_all(tmp_path, keys):
    async with house(tmp_path, keys, "here") as made:
        del made.wiring.apps["search"]
        answer = await made.at.get("/openapi.json")
        assert (answer.status_code, answer.json()["service"]) == (503, "search")


@pytest.mark.parametrize("character", list("\0\n\x7f/\\%é. ~"))
def test_a_parameter_of_a_path_is_described_as_the_door_takes_it(character):
    try:
        paths.read(b"/x/a" + quote(character, safe="").encode() + b"z")
        taken = True
    except CrookedPath:
        taken = False
    assert (re.search(PLAIN, f"a{character}z") is not None) is taken


def test_schemas_of_one_name_with_one_meaning_are_one():
    same = {"type": "object", "properties": {"a": {"type": "string"}}}
    tree = whole(
        catalog=document({"/api/v1/documents": read("Thing")}, Thing=same),
        search=document({"/api/v1/search": read("Thing")}, Thing=dict(same)),
    )
    assert [name for name in tree["components"]["schemas"] if "Thing" in name] == ["Thing"]


def test_schemas_of_one_name_with_two_meanings_are_told_apart():
    tree = whole(
        catalog=document({"/api/v1/documents": read("Thing")}, Thing={"type": "string"}),
        search=document({"/api/v1/search": read("Thing")}, Thing={"type": "integer"}),
    )
    assert refers(tree, "/api/v1/documents") == "#/components/schemas/Thing"
    assert refers(tree, "/api/v1/search") == "#/components/schemas/SearchThing"
    assert tree["components"]["schemas"]["SearchThing"] == {"type": "integer"}


def test_what_a_body_defines_within_itself_is_found_among_all_schemas():
    thing = {"type": "object", "properties": {"part": {"$ref": "#/$defs/Part"}}, "$defs": {"Part": {"type": "string"}}}
    body = {"required": True, "content": {"application/json": {"schema": thing}}}
    put = {"put": {"operationId": "put", "requestBody": body, "responses": {"200": {"description": "x"}}}}
    tree = whole(catalog=document({"/api/v1/documents/{origin}/{id}": put}))
    told = tree["paths"]["/api/v1/documents/{origin}/{id}"]["put"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    assert told == {"type": "object", "properties": {"part": {"$ref": "#/components/schemas/Part"}}}
    assert tree["components"]["schemas"]["Part"] == {"type": "string"}


def test_what_was_written_leads_to_what_can_be_done_with_it():
    path = "/api/v1/documents/{origin}/{id}"
    item = {method: {"operationId": method, "responses": {"200": {}}} for method in ("get", "put", "delete")}
    told = whole(catalog=document({path: item}))["paths"][path]
    conditions = [[parameter["name"] for parameter in told[method]["parameters"]] for method in ("put", "delete")]
    assert conditions == [["If-Match", "If-None-Match"], ["If-Match"]]
    answer = told["put"]["responses"]["200"]
    assert {name: link["operationId"] for name, link in answer["links"].items()} == {
        "read": "get",
        "revise": "put",
        "delete": "delete",
    }
    assert {"ETag", "Location", "Weft-After"} == answer["headers"].keys()


def test_schemas_that_refer_to_different_things_are_different():
    page = {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
    tree = whole(
        catalog=document({"/api/v1/documents": read("Page")}, Page=page, Thing={"type": "string"}),
        search=document({"/api/v1/search": read("Page")}, Page=page, Thing={"type": "integer"}),
    )
    schemas = tree["components"]["schemas"]
    assert schemas["Page"]["items"]["$ref"].endswith("/Thing")
    assert schemas["SearchPage"]["items"]["$ref"].endswith("/SearchThing")


def test_a_path_is_described_only_by_the_service_that_answers_it():
    tree = whole(
        catalog=document({"/api/v1/search": read("Wrong"), "/internal/x": read("Wrong"), "/healthz": read("Wrong")}),
        search=document({"/api/v1/search": read("Right")}, Right={"type": "string"}),
    )
    assert list(tree["paths"]) == ["/api/v1/search"]
    assert refers(tree, "/api/v1/search") == "#/components/schemas/Right"


def test_a_service_that_says_more_of_a_problem_is_heard():
    item = read("Thing")
    item["get"]["responses"]["503"] = {"description": "busy"}
    tree = whole(catalog=document({"/api/v1/documents": item}, Thing={"type": "string"}))
    assert tree["paths"]["/api/v1/documents"]["get"]["responses"]["503"] == {"description": "busy"}


def test_a_service_cannot_take_the_gateways_own_names():
    tree = whole(catalog=document({"/api/v1/documents": read("Problem")}, Problem={"type": "string"}))
    assert refers(tree, "/api/v1/documents") == "#/components/schemas/CatalogProblem"

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta
from openapi_spec_validator import OpenAPIV31SpecValidator

from exchange.contract.problems import Problem
from functions.http import register
from functions.http.endpoints import ENDPOINTS, Access, Endpoint
from functions.http.openapi import describe, to_json
from functions.errors import ERROR_POLICIES

assert serve, "it fills the table"
DOCUMENT = describe(ENDPOINTS)
ONE = "5d1f4ae6-0a8c-4d5f-8f0e-0a2f3c4b5d6e"
V1 = "4c2a1b60-0d0e-11ee-be56-0242ac120002"
ROBOT = {"name": "r", "base_url": "https://r.example", "description": "", "owner": ""}
ABSTRACT = {"enhancement_type": "abstract", "process": "other", "abstract": "a"}
TO_LOAD = {"source": "s", "visibility": "public", "enhancement_type": "abstract", "content": ABSTRACT}

of_each_endpoint = pytest.mark.parametrize("one", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")


def operation(one: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][f"/{one.path}"][one.method.lower()]
    return found


def errors(one: Endpoint) -> dict[int, dict[str, Any]]:
    return {int(status): answer for status, answer in operation(one)["responses"].items() if int(status) >= 400}


def within(value: Any) -> Iterator[Any]:
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from within(part)


def fits(name: str, value: Any) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return Draft202012Validator(schema).is_valid(value)


def test_it_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")
    for schema in DOCUMENT["components"]["schemas"].values():
        meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_it_is_written_the_same_way_each_time() -> None:
    assert to_json(describe(ENDPOINTS)) == to_json(describe(list(ENDPOINTS)))
    assert json.loads(to_json(DOCUMENT)) == DOCUMENT


def test_every_reference_leads_somewhere_and_every_schema_but_that_of_a_query_is_used() -> None:
    names = {part["$ref"] for part in within(DOCUMENT) if isinstance(part, dict) and "$ref" in part}
    named = {name.removeprefix("#/components/schemas/") for name in names}
    in_words = {one.lines.__name__ for one in ENDPOINTS if one.lines}
    queries = {one.asks.__name__ for one in ENDPOINTS if one.asks}
    assert named | in_words | queries == set(DOCUMENT["components"]["schemas"])


def test_it_has_the_endpoints_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(one.method, f"/{one.path}") for one in ENDPOINTS}
    assert len({operation(one)["operationId"] for one in ENDPOINTS}) == len(ENDPOINTS)


@of_each_endpoint
def test_an_endpoint_has_its_errors_each_as_a_problem(one: Endpoint) -> None:
    expected = {*one.errors, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
    if one.access is not Access.ANYONE:
        expected |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if one.request_model:
        expected |= {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
    assert expected <= set(errors(one))
    for answer in errors(one).values():
        assert answer["description"]
        assert answer["content"] == {
            "application/problem+json": {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}
        }


def test_every_status_that_an_error_of_ours_can_become_is_documented_somewhere() -> None:
    documented = {status for one in ENDPOINTS for status in errors(one)}
    assert documented == {*(row.status for row in ERROR_POLICIES.values()), HTTPStatus.INTERNAL_SERVER_ERROR}


@of_each_endpoint
def test_an_error_says_which_header_helps(one: Endpoint) -> None:
    named = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
    for status, answer in errors(one).items():
        assert list(answer.get("headers", {})) == named.get(status, [])
        assert all(header["required"] for header in answer.get("headers", {}).values())


@of_each_endpoint
def test_an_endpoint_says_who_is_let_in(one: Endpoint) -> None:
    member, robot = {"Bearer"}, {"Signature", "X-Client-Id", "X-Request-Timestamp"}
    ways = {
        Access.ANYONE: [],
        Access.REQUESTORS: [member],
        Access.OPERATORS: [member],
        Access.ROBOTS: [robot],
        Access.REQUESTORS_AND_ROBOTS: [member, robot],
    }
    assert [set(way) for way in operation(one).get("security", [])] == ways[one.access]
    assert member | robot == set(DOCUMENT["components"]["securitySchemes"])
    if one.access is not Access.ANYONE:
        assert one.access.value in operation(one)["description"]


@of_each_endpoint
def test_an_endpoint_says_what_it_takes_and_gives(one: Endpoint) -> None:
    taken = operation(one).get("requestBody", {}).get("content", {})
    given = operation(one)["responses"][str(int(one.status))]["content"]
    if one.request_model:
        assert taken["application/json"]["schema"]["$ref"].endswith(f"/{one.request_model.__name__}")
        assert operation(one)["requestBody"]["required"]
    if one.gives:
        assert given["application/json"]["schema"]["$ref"].endswith(f"/{one.gives.__name__}")
    if one.request_model and one.lines:
        answered = operation(one)["responses"]["200"]["content"]
        assert one.request_model.__name__ in taken["application/jsonl"]["schema"]["description"]
        assert one.lines.__name__ in answered["application/jsonl"]["schema"]["description"]
    assert set(taken) == {*(["application/json"] if one.request_model else []), *(["application/jsonl"] if one.lines else [])}


@of_each_endpoint
def test_an_endpoint_names_what_its_path_and_its_query_hold(one: Endpoint) -> None:
    parameters = {(at["in"], at["name"], at["required"]) for at in operation(one)["parameters"]}
    fields = one.asks.model_fields.items() if one.asks else ()
    expected = {("query", name, field.is_required()) for name, field in fields}
    expected |= {("path", part[1:-1], True) for part in one.path.split("/") if part.startswith("{")}
    assert parameters == expected
    assert "null" not in json.dumps(operation(one)["parameters"]), "a query has no word for it"


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("BatchRobotResult", {"request_id": ONE}, {"request_id": V1}),
        ("BatchRobotResult", {"request_id": ONE.upper()}, {"request_id": f"{ONE}\n"}),
        (
            "BatchRobotResult",
            {"request_id": ONE, "storage_url": "HTTPS://é/x"},
            {"request_id": ONE, "storage_url": "x"},
        ),
        ("BatchEnhancementRequestIn", *({"robot_id": ONE, "reference_ids": ids} for ids in ([ONE], [ONE, ONE]))),
        ("RobotIn", *({**ROBOT, "base_url": url} for url in ("http://r.example:1/é", "https://r example"))),
        ("RobotIn", ROBOT, {**ROBOT, "more": 1}),
        ("EnhancementFileInput", TO_LOAD, {**TO_LOAD, "enhancement_type": "location"}),
        ("EnhancementFileInput", *({**TO_LOAD, "processor_version": version} for version in ("1", 1))),
        (
            "EnhancementFileInput",
            {**TO_LOAD, "robot_version": None, "processor_version": 1},
            {**TO_LOAD, "robot_version": 1},
        ),
        ("Bibliographic", *({"enhancement_type": "bibliographic", "cited_by_count": n} for n in (2**53, 2**53 + 1))),
        ("Location", {"pdf_url": None, "extra": {}}, {"extra": [1]}),
    ],
)
def test_a_schema_is_exact(name: str, good: Any, bad: Any) -> None:
    assert fits(name, good)
    assert not fits(name, bad)

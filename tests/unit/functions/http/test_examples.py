"""Every operation has examples, and each is valid: by its model, by its schema, and without unknown fields."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel, TypeAdapter

from exchange.contract import enhancements, robots
from exchange.contract.problems import Problem
from functions.http.endpoints import Endpoint
from functions.http.examples import EXAMPLES, PATH_EXAMPLES, QUERY_EXAMPLES, SCHEMA_EXAMPLES
from functions.http.openapi import describe
from functions.http.register import ENDPOINTS

DOCUMENT = describe(ENDPOINTS)
JSON, JSONL, PROBLEM = "application/json", "application/jsonl", "application/problem+json"
ENTRY = robots.BatchEnhancementResultEntry


class Example(NamedTuple):
    """A JSON value of the document, the model that it must match, and the name of its schema."""

    where: str
    value: Any
    model: Any
    schema: str


def operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][f"/{endpoint.path}"][endpoint.method.lower()]
    return found


def list_examples(content: dict[str, Any]) -> list[Any]:
    """Return the examples of one media type."""
    named = [example["value"] for example in content.get("examples", {}).values()]
    return [*named, *([content["example"]] if "example" in content else [])]


def list_bodies(endpoint: Endpoint) -> Iterator[tuple[str, dict[str, Any], type[BaseModel] | None]]:
    """Yield the media types of an operation's bodies with their content and model."""
    found = operation(endpoint)
    for media_type, content in found.get("requestBody", {}).get("content", {}).items():
        yield media_type, content, endpoint.request_model
    for status, response in found["responses"].items():
        for media_type, content in response.get("content", {}).items():
            if int(status) >= 400:
                yield media_type, content, Problem
            elif HTTPStatus(int(status)) in endpoint.other_successes:
                yield media_type, content, endpoint.other_successes[HTTPStatus(int(status))]
            else:
                yield media_type, content, endpoint.line_model if media_type == JSONL else endpoint.response_model


def list_all() -> Iterator[Example]:
    for endpoint in ENDPOINTS:
        where = f"{endpoint.method} {endpoint.path}"
        for media_type, content, model in list_bodies(endpoint):
            if model is None:
                continue
            for example in list_examples(content):
                values = [json.loads(line) for line in example.splitlines()] if media_type == JSONL else [example]
                yield from (Example(where, value, model, model.__name__) for value in values)
    job = DOCUMENT["webhooks"]["send_job"]["post"]["requestBody"]["content"][JSON]
    yield from (
        Example("send_job", value, robots.BatchRobotRequest, "BatchRobotRequest") for value in list_examples(job)
    )
    lines = {
        "BatchEnhancementResultEntry": ENTRY,
        "BatchRobotResultValidationEntry": robots.BatchRobotResultValidationEntry,
    }
    assert set(lines) == set(SCHEMA_EXAMPLES)
    for name, line_model in lines.items():
        values = DOCUMENT["components"]["schemas"][name]["examples"]
        yield from (Example(name, value, line_model, name) for value in values)


ALL = list(list_all())


def find_unknown(example: Any, parsed: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of fields that the example has and the parsed model does not."""
    if isinstance(example, dict) and isinstance(parsed, dict):
        for name, value in example.items():
            if name in parsed:
                yield from find_unknown(value, parsed[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    if isinstance(example, list) and isinstance(parsed, list):
        for index, (value, parsed_value) in enumerate(zip(example, parsed, strict=True)):
            yield from find_unknown(value, parsed_value, f"{path}.{index}")


def test_there_are_examples_for_exactly_the_operations_of_the_table() -> None:
    assert set(EXAMPLES) == {endpoint.handler.__name__ for endpoint in ENDPOINTS}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_every_body_and_required_parameter_of_an_operation_has_an_example(endpoint: Endpoint) -> None:
    for media_type, content, _ in list_bodies(endpoint):
        assert list_examples(content), media_type
    for parameter in operation(endpoint)["parameters"]:
        assert not parameter["required"] or "example" in parameter, parameter["name"]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_examples_of_parameters_match_their_schemas(endpoint: Endpoint) -> None:
    for parameter in operation(endpoint)["parameters"]:
        if "example" in parameter:
            schema = {**parameter["schema"], "components": DOCUMENT["components"]}
            assert Draft202012Validator(schema).is_valid(parameter["example"])


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_an_override_of_a_problem_is_for_a_status_of_the_operation(endpoint: Endpoint) -> None:
    documented = {int(status) for status in operation(endpoint)["responses"]}
    assert set(EXAMPLES[endpoint.handler.__name__].problems) <= documented


@pytest.mark.parametrize("example", ALL, ids=lambda example: example.where)
def test_an_example_matches_its_model_without_unknown_fields(example: Example) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(example.model)
    parsed = adapter.validate_json(json.dumps(example.value), strict=True)
    assert list(find_unknown(example.value, parsed.model_dump(mode="json"))) == []


@pytest.mark.parametrize("example", ALL, ids=lambda example: example.where)
def test_an_example_matches_its_schema(example: Example) -> None:
    schema = {"$ref": f"#/components/schemas/{example.schema}", "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(example.value)


def test_a_problem_example_has_the_title_and_status_of_its_response() -> None:
    for endpoint in ENDPOINTS:
        for status, response in operation(endpoint)["responses"].items():
            if int(status) >= 400:
                (problem,) = list_examples(response["content"][PROBLEM])
                assert (problem["status"], problem["detail"]) == (int(status), " ".join(problem["errors"]))


def test_examples_of_parameters_are_all_used() -> None:
    documented = [parameter for endpoint in ENDPOINTS for parameter in operation(endpoint)["parameters"]]
    assert {*PATH_EXAMPLES, *QUERY_EXAMPLES} <= {parameter["name"] for parameter in documented}


def test_unknown_fields_would_be_found() -> None:
    assert list(find_unknown({"a": [{"b": 1, "c": 2}]}, {"a": [{"b": 1}]})) == [".a.0.c"]


def test_the_examples_show_each_kind_of_result_entry() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(ENTRY)
    kinds = {type(adapter.validate_python(value)) for value in SCHEMA_EXAMPLES["BatchEnhancementResultEntry"]}
    assert kinds == {enhancements.Enhancement, robots.LinkedRobotError}

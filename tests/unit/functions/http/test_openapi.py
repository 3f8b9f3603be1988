"""The OpenAPI document against the table of endpoints. `test_examples.py` has its examples."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import TypeAdapter, ValidationError

from exchange import __version__
from exchange.contract.queries import list_parameters
from exchange.contract.robots import BatchEnhancementResultEntry
from exchange.domain.robot_answer import RobotAnswer
from functions.errors import ERROR_POLICIES
from functions.http.docs_page import FILE_NAMES
from functions.http.endpoints import Access, Endpoint
from functions.http.openapi import describe, to_json
from functions.http.register import ENDPOINTS
from tests.results import annotation

DOCUMENT = describe(ENDPOINTS)
ID = "5d1f4ae6-0a8c-4d5f-8f0e-0a2f3c4b5d6e"
VERSION_1_ID = "4c2a1b60-0d0e-11ee-be56-0242ac120002"
ROBOT = {"name": "r", "base_url": "https://r.example", "description": "", "owner": ""}
ABSTRACT = {"enhancement_type": "abstract", "process": "other", "abstract": "a"}
TO_LOAD = {"source": "s", "visibility": "public", "enhancement_type": "abstract", "content": ABSTRACT}
# The schemas of files' lines, which no operation refers to. The description of the document names them.
LINES = {"Reference", "BatchEnhancementResultEntry", "BatchRobotResultValidationEntry"}

for_each_endpoint = pytest.mark.parametrize(
    "endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}"
)


def operation(endpoint: Endpoint) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][f"/{endpoint.path}"][endpoint.method.lower()]
    return found


def errors(endpoint: Endpoint) -> dict[int, dict[str, Any]]:
    responses = operation(endpoint)["responses"].items()
    return {int(status): response for status, response in responses if int(status) >= 400}


def list_values(value: Any) -> Iterator[Any]:
    """Yield a JSON value and all values inside it."""
    yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from list_values(part)


def matches(name: str, value: Any) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return Draft202012Validator(schema).is_valid(value)


def test_the_document_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert DOCUMENT["openapi"].startswith("3.1.")
    for schema in DOCUMENT["components"]["schemas"].values():
        meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def test_the_document_has_the_version_of_the_package() -> None:
    assert DOCUMENT["info"]["version"] == __version__


def test_the_server_is_relative_so_that_it_fits_every_deployment() -> None:
    assert [server["url"] for server in DOCUMENT["servers"]] == ["/"]


def test_the_document_is_written_the_same_way_each_time() -> None:
    assert to_json(describe(ENDPOINTS)) == to_json(describe(list(ENDPOINTS)))
    assert json.loads(to_json(DOCUMENT)) == DOCUMENT


def test_every_reference_resolves_and_every_schema_is_used() -> None:
    references = {part["$ref"] for part in list_values(DOCUMENT) if isinstance(part, dict) and "$ref" in part}
    used = {reference.removeprefix("#/components/schemas/") for reference in references}
    in_words = LINES | {endpoint.line_model.__name__ for endpoint in ENDPOINTS if endpoint.line_model}
    queries = {endpoint.query_model.__name__ for endpoint in ENDPOINTS if endpoint.query_model}
    assert used | in_words | queries == set(DOCUMENT["components"]["schemas"])
    assert all(f"`{name}`" in DOCUMENT["info"]["description"] for name in LINES)


def test_the_document_has_exactly_the_operations_of_the_table() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(endpoint.method, f"/{endpoint.path}") for endpoint in ENDPOINTS}
    assert len({operation(endpoint)["operationId"] for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def test_every_tag_is_described_and_used() -> None:
    tags = [tag["name"] for tag in DOCUMENT["tags"]]
    assert tags == [
        *("Batch requests", "Webhooks", "References", "Robots"),
        *("Present protocol of the reference repository", "Robots of the present protocol"),
        *("Operations", "Console", "Service"),
    ]
    assert {tag for endpoint in ENDPOINTS for tag in operation(endpoint)["tags"]} == set(tags)
    assert all(tag["description"].endswith(".") for tag in DOCUMENT["tags"])


@for_each_endpoint
def test_an_operation_documents_its_errors_as_problems(endpoint: Endpoint) -> None:
    expected = {*endpoint.errors, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE}
    if endpoint.access is not Access.ANYONE:
        expected |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
    if endpoint.request_model:
        expected |= {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
    assert expected <= set(errors(endpoint))
    for response in errors(endpoint).values():
        assert response["description"]
        ((media_type, content),) = response["content"].items()
        assert media_type == "application/problem+json"
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert set(content) == {"schema", "example"}


def test_every_status_of_the_error_policies_is_documented_somewhere() -> None:
    documented = {status for endpoint in ENDPOINTS for status in errors(endpoint)}
    statuses = {policy.status for policy in ERROR_POLICIES.values()}
    assert documented == {*statuses, HTTPStatus.INTERNAL_SERVER_ERROR}


@for_each_endpoint
def test_an_error_documents_the_header_that_helps(endpoint: Endpoint) -> None:
    expected = {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}
    for status, response in errors(endpoint).items():
        assert list(response.get("headers", {})) == expected.get(status, [])
        assert all(header["required"] for header in response.get("headers", {}).values())


@for_each_endpoint
def test_an_operation_documents_who_may_call_it(endpoint: Endpoint) -> None:
    user, robot = {"Bearer"}, {"Signature", "X-Client-Id", "X-Request-Timestamp"}
    expected = {
        Access.ANYONE: [],
        Access.REQUESTORS: [user],
        Access.CONTRIBUTORS: [user],
        Access.OPERATORS: [user],
        Access.ROBOTS: [robot],
        Access.REQUESTORS_AND_ROBOTS: [user, robot],
    }
    requirements = [set(requirement) for requirement in operation(endpoint).get("security", [])]
    assert requirements == expected[endpoint.access]
    assert user | robot == set(DOCUMENT["components"]["securitySchemes"])
    assert endpoint.access.value in operation(endpoint)["description"]


def test_the_security_schemes_explain_tokens_and_signatures() -> None:
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert "az account get-access-token" in schemes["Bearer"]["description"]
    for fact in ("HMAC", "SHA-256", "16 bytes", "300 seconds", "A GET signs the empty body"):
        assert fact in schemes["Signature"]["description"]
    assert all(scheme["description"] for scheme in schemes.values())


@for_each_endpoint
def test_an_operation_documents_its_bodies(endpoint: Endpoint) -> None:
    request = operation(endpoint).get("requestBody", {}).get("content", {})
    response = operation(endpoint)["responses"][str(int(endpoint.status))].get("content", {})
    if endpoint.request_model:
        assert request["application/json"]["schema"]["$ref"].endswith(f"/{endpoint.request_model.__name__}")
        assert operation(endpoint)["requestBody"]["required"] is not endpoint.optional_body
    if endpoint.response_model:
        assert response["application/json"]["schema"]["$ref"].endswith(f"/{endpoint.response_model.__name__}")
    else:
        assert sorted(response) == sorted(endpoint.media_types)
        assert bool(response) == (endpoint.status is not HTTPStatus.NO_CONTENT)
    if endpoint.request_model and endpoint.line_model:
        lines = operation(endpoint)["responses"]["200"]["content"]
        assert endpoint.request_model.__name__ in request["application/jsonl"]["schema"]["description"]
        assert endpoint.line_model.__name__ in lines["application/jsonl"]["schema"]["description"]
    media_types = [("application/json", endpoint.request_model), ("application/jsonl", endpoint.line_model)]
    assert set(request) == {media_type for media_type, model in media_types if model}


@for_each_endpoint
def test_an_operation_documents_its_parameters(endpoint: Endpoint) -> None:
    documented = operation(endpoint)["parameters"]
    parameters = {(parameter["in"], parameter["name"], parameter["required"]) for parameter in documented}
    names = list_parameters(endpoint.query_model) if endpoint.query_model else ()
    fields = endpoint.query_model.model_fields if endpoint.query_model else {}
    expected = {("query", name, fields[name].is_required()) for name in names}
    expected |= {("path", part[1:-1], True) for part in endpoint.path.split("/") if part.startswith("{")}
    expected |= {("header", header.name, False) for header in endpoint.request_headers}
    assert parameters == expected
    assert "null" not in json.dumps(documented), "a query cannot express null"


@for_each_endpoint
def test_a_success_documents_its_headers_and_every_status(endpoint: Endpoint) -> None:
    successes = {int(status): row for status, row in operation(endpoint)["responses"].items() if int(status) < 400}
    lines = {HTTPStatus.OK} if endpoint.line_model else set()
    assert set(successes) == {endpoint.status, *endpoint.other_successes, *lines}
    assert set(endpoint.response_headers) <= set(successes)
    for status, response in successes.items():
        expected = {header.name for header in endpoint.response_headers.get(HTTPStatus(status), ())}
        assert set(response.get("headers", {})) == expected
        assert response["description"]


def test_the_files_of_the_documentation_page_are_listed() -> None:
    parameter, version = DOCUMENT["paths"]["/docs/{file}"]["get"]["parameters"]
    assert (version["name"], version["in"], version["required"]) == ("v", "query", False)
    assert parameter["schema"] == {"type": "string", "enum": FILE_NAMES}


class TestWebhook:
    operation = DOCUMENT["webhooks"]["send_job"]["post"]

    def test_the_job_is_the_body_and_the_call_is_signed(self) -> None:
        schema = self.operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/BatchRobotRequest"}
        assert [set(part) for part in self.operation["security"]] == [
            {"Signature", "X-Client-Id", "X-Request-Timestamp"}
        ]
        assert "`POST <base_url>/batch/`" in self.operation["description"]

    @pytest.mark.parametrize("status", [200, 202, 302, 400, 404, 408, 409, 422, 429, 500, 503])
    def test_each_answer_has_the_meaning_that_the_exchange_gives_it(self, status: int) -> None:
        responses = self.operation["responses"]
        meaning = responses.get(str(status), responses[f"{status // 100}XX"])["description"]
        answer = RobotAnswer(status, "")
        assert ("accepts" in meaning) == answer.accepted
        assert meaning.startswith("Try again") == answer.retryable
        assert ("reject" in meaning) == (not answer.accepted and not answer.retryable)


@pytest.mark.parametrize(
    ("name", "valid", "invalid"),
    [
        ("BatchRobotResult", {"request_id": ID}, {"request_id": VERSION_1_ID}),
        ("BatchRobotResult", {"request_id": ID.upper()}, {"request_id": f"{ID}\n"}),
        ("BatchRobotResult", *({"request_id": ID, "storage_url": url} for url in ("HTTPS://é/x", "x"))),
        ("BatchEnhancementRequestIn", *({"robot_id": ID, "reference_ids": ids} for ids in ([ID], [ID, ID]))),
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
def test_a_schema_accepts_exactly_what_the_exchange_accepts(name: str, valid: Any, invalid: Any) -> None:
    assert matches(name, valid)
    assert not matches(name, invalid)


@pytest.mark.parametrize(
    "entry",
    [
        annotation(ID),
        {"reference_id": ID, "message": "m"},
        {**annotation(ID), "message": "m"},
        {"reference_id": ID, "message": "m", "content": None},
        {"reference_id": ID, "message": "m", "content": {}},
        {"reference_id": ID, "message": 1},
        {"reference_id": VERSION_1_ID, "message": "m"},
        {"reference_id": ID},
        {**annotation(ID), "visibility": "secret"},
        [],
        "text",
    ],
    ids=json.dumps,
)
def test_the_schema_of_a_result_entry_agrees_with_its_model(entry: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(BatchEnhancementResultEntry)
    try:
        adapter.validate_json(json.dumps(entry), strict=True)
    except ValidationError:
        assert not matches("BatchEnhancementResultEntry", entry)
    else:
        assert matches("BatchEnhancementResultEntry", entry)

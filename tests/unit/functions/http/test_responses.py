import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import azure.functions as func
import pytest
from pydantic import BaseModel

from exchange.contract.batches import BatchEnhancementRequestIn
from exchange.contract.problems import Problem
from exchange.contract.references import LoadedLine
from exchange.domain.errors import ExchangeError, InputRejected, NotAuthenticated, NotFound, Unavailable, WriteConflict
from exchange.ports import Services
from functions.errors import ERROR_POLICIES
from functions.http.endpoints import Access, Content, Endpoint
from functions.http.requests import ApiRequest
from functions.http.responses import respond
from tests.unit.functions.http.conftest import MAX_BYTES, make_request


def make_endpoint(
    result: BaseModel | Content | Exception, *, request_model: type[BaseModel] | None = None
) -> Mapping[str, Endpoint]:
    """Make an endpoint that anyone may call. It parses the body if it has a model, then returns or raises `result`."""

    async def handler(request: ApiRequest) -> BaseModel | Content:
        if request_model is not None:
            request.parse_body(request_model)
        if isinstance(result, Exception):
            raise result
        return result

    return {
        "POST": Endpoint(
            method="POST",
            path="somewhere",
            access=Access.ANYONE,
            status=HTTPStatus.CREATED,
            request_model=request_model,
            line_model=None,
            query_model=None,
            response_model=None,
            errors=frozenset(),
            handler=handler,
        )
    }


async def call(
    endpoints: Mapping[str, Endpoint], services: Services, request: func.HttpRequest | None = None
) -> func.HttpResponse:
    return await respond(endpoints, request or make_request(), lambda: services)


def read_problem(response: func.HttpResponse) -> Problem:
    """Return the problem, and assert that its parts agree with each other and with the response."""
    problem = Problem.model_validate_json(response.get_body(), strict=True)
    assert response.mimetype == "application/problem+json"
    assert problem.status == response.status_code
    assert problem.title == HTTPStatus(response.status_code).phrase
    assert problem.detail == " ".join(problem.errors)
    return problem


async def test_a_model_becomes_json_that_no_cache_keeps(services: Services) -> None:
    response = await call(make_endpoint(LoadedLine(line=7, error="文")), services)
    assert (response.status_code, response.mimetype) == (201, "application/json")
    assert json.loads(response.get_body()) == {
        "line": 7,
        "id": None,
        "error": "文",
        "existing": False,
        "added_identifiers": 0,
        "added_enhancements": 0,
        "warnings": [],
    }
    assert response.headers["Cache-Control"] == "no-store"


async def test_content_is_returned_unchanged(services: Services) -> None:
    content = Content("{}\n", "application/jsonl", headers={"X-More": "1"})
    response = await call(make_endpoint(content), services)
    assert (response.status_code, response.mimetype, response.get_body()) == (200, "application/jsonl", b"{}\n")
    assert response.headers["X-More"] == "1"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", ERROR_POLICIES)
async def test_every_error_of_ours_becomes_a_problem_with_its_status(
    services: Services, kind: type[ExchangeError], caplog: pytest.LogCaptureFixture
) -> None:
    response = await call(make_endpoint(kind("One is wrong.", "Two is as well.")), services)
    assert response.status_code == ERROR_POLICIES[kind].status
    assert read_problem(response).errors == ["One is wrong.", "Two is as well."]
    assert response.headers["Cache-Control"] == "no-store"
    assert ("Retry-After" in response.headers) == issubclass(kind, Unavailable)
    assert ("WWW-Authenticate" in response.headers) == issubclass(kind, NotAuthenticated)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(("seconds", "header"), [(None, "5"), (1.0, "1"), (1.2, "2"), (0.001, "1"), (90.0, "90")])
async def test_retry_after_is_rounded_up_to_whole_seconds(
    services: Services, seconds: float | None, header: str
) -> None:
    for kind in (Unavailable, WriteConflict):
        response = await call(make_endpoint(kind("Down.", retry_after_s=seconds)), services)
        assert response.headers["Retry-After"] == header


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"", 400),
        (b"{}", 422),
        (b"[]", 422),
        (b" " * (MAX_BYTES + 1), 413),
    ],
)
async def test_a_body_that_cannot_be_parsed_becomes_a_problem(services: Services, body: bytes, status: int) -> None:
    endpoint = make_endpoint(NotFound("never reached"), request_model=BatchEnhancementRequestIn)
    response = await call(endpoint, services, make_request(body))
    assert read_problem(response).status == status


async def test_an_unexpected_error_becomes_a_problem_and_is_logged_once_without_the_request(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    valid_id = "11111111-1111-4111-8111-111111111111"
    body: dict[str, Any] = {"robot_id": valid_id, "reference_ids": [valid_id], "source": "s3cret"}
    endpoint = make_endpoint(KeyError("a bug"), request_model=BatchEnhancementRequestIn)
    request = make_request(json.dumps(body).encode(), headers={"Authorization": "Bearer s3cret"})
    response = await call(endpoint, services, request)
    assert read_problem(response).status == 500
    assert b"bug" not in response.get_body()
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.exc_info is not None
    assert "a bug" in caplog.text
    assert "s3cret" not in caplog.text


async def test_an_unsupported_method_gets_405_with_the_supported_ones(services: Services) -> None:
    endpoints = {**make_endpoint(LoadedLine(line=1)), "GET": make_endpoint(LoadedLine(line=1))["POST"]}
    response = await call(endpoints, services, make_request(method="DELETE"))
    assert read_problem(response).status == 405
    assert response.headers["Allow"] == "GET, POST"


async def test_a_problem_keeps_characters_beyond_ascii(services: Services) -> None:
    response = await call(make_endpoint(InputRejected('source: "文\n".')), services)
    assert read_problem(response).detail == 'source: "文\n".'

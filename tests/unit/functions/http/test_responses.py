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
from exchange.domain.errors import ExchangeError, InputRejected, NotAuthenticated, NotFound, WriteConflict, Unavailable
from functions.http.responses import answer
from functions.http.requests import Call
from functions.http.endpoints import Content, Access, Endpoint
from functions.errors import ERROR_POLICIES
from tests.unit.functions.http.conftest import MAX_BYTES, request


def endpoint(gives: BaseModel | Content | Exception, *, takes: type[BaseModel] | None = None) -> Mapping[str, Endpoint]:
    """Make an endpoint for anybody, that reads what it takes and then gives or raises this."""

    async def handler(call: Call) -> BaseModel | Content:
        if takes is not None:
            call.read(takes)
        if isinstance(gives, Exception):
            raise gives
        return gives

    return {
        "POST": Endpoint(
            method="POST",
            path="somewhere",
            door=Access.ANYONE,
            status=HTTPStatus.CREATED,
            takes=takes,
            lines=None,
            asks=None,
            gives=None,
            errors=frozenset(),
            handler=handler,
        )
    }


def problem(response: func.HttpResponse) -> Problem:
    """Read a problem, and see that it is one in every respect."""
    read = Problem.model_validate_json(response.get_body(), strict=True)
    assert response.mimetype == "application/problem+json"
    assert read.status == response.status_code
    assert read.title == HTTPStatus(response.status_code).phrase
    assert read.detail == " ".join(read.errors)
    return read


async def test_a_model_is_answered_as_json_that_nobody_keeps() -> None:
    response = await answer(endpoint(LoadedLine(error="文")), request())
    assert (response.status_code, response.mimetype) == (201, "application/json")
    assert json.loads(response.get_body()) == {"id": None, "error": "文", "existing": False}
    assert response.headers["Cache-Control"] == "no-store"


async def test_content_is_answered_as_it_is() -> None:
    given = Content("{}\n", "application/jsonl", headers={"X-More": "1"})
    response = await answer(endpoint(given), request())
    assert (response.status_code, response.mimetype, response.get_body()) == (200, "application/jsonl", b"{}\n")
    assert response.headers["X-More"] == "1"
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", ERROR_POLICIES)
async def test_every_error_of_ours_is_a_problem_with_its_status(
    kind: type[ExchangeError], caplog: pytest.LogCaptureFixture
) -> None:
    response = await answer(endpoint(kind("One is wrong.", "Two is as well.")), request())
    assert response.status_code == ERROR_POLICIES[kind].status
    assert problem(response).errors == ["One is wrong.", "Two is as well."]
    assert response.headers["Cache-Control"] == "no-store"
    assert ("Retry-After" in response.headers) == issubclass(kind, Unavailable)
    assert ("WWW-Authenticate" in response.headers) == issubclass(kind, NotAuthenticated)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize(("asked", "said"), [(None, "5"), (1.0, "1"), (1.2, "2"), (0.001, "1"), (90.0, "90")])
async def test_how_long_to_wait_is_said_in_whole_seconds(asked: float | None, said: str) -> None:
    for kind in (Unavailable, WriteConflict):
        response = await answer(endpoint(kind("Down.", retry_after_s=asked)), request())
        assert response.headers["Retry-After"] == said


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
async def test_a_body_that_cannot_be_read_is_a_problem(body: bytes, status: int) -> None:
    response = await answer(endpoint(NotFound("never reached"), takes=BatchEnhancementRequestIn), request(body))
    assert problem(response).status == status


async def test_what_nobody_expected_is_a_problem_too_and_logged_once_without_what_was_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    one = "11111111-1111-4111-8111-111111111111"
    body: dict[str, Any] = {"robot_id": one, "reference_ids": [one], "source": "s3cret"}
    bug = endpoint(KeyError("a bug"), takes=BatchEnhancementRequestIn)
    sent = request(json.dumps(body).encode(), headers={"Authorization": "Bearer s3cret"})
    response = await answer(bug, sent)
    assert problem(response).status == 500
    assert b"bug" not in response.get_body()
    (record,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert record.exc_info is not None
    assert "a bug" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_method_that_is_not_answered_is_told_which_are() -> None:
    methods = {**endpoint(LoadedLine()), "GET": endpoint(LoadedLine())["POST"]}
    response = await answer(methods, request(method="DELETE"))
    assert problem(response).status == 405
    assert response.headers["Allow"] == "GET, POST"


async def test_an_error_keeps_its_marks_beyond_ascii() -> None:
    response = await answer(endpoint(InputRejected('source: "文\n".')), request())
    assert problem(response).detail == 'source: "文\n".'

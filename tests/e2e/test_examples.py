"""The problem examples of the OpenAPI document are what the exchange answers."""

from typing import Any
from uuid import UUID

import pytest

from functions.http.endpoints import Access, Endpoint
from functions.http.examples import PATH_EXAMPLES
from functions.http.openapi import describe
from functions.http.register import ENDPOINTS
from samples.robot_from_scratch.signing import Credentials
from tests.e2e.exchange import Exchange

PATHS = describe(ENDPOINTS)["paths"]
FOR_ROBOTS = [endpoint for endpoint in ENDPOINTS if endpoint.access is Access.ROBOTS]
READ_BY_ID = [
    endpoint
    for endpoint in ENDPOINTS
    if endpoint.method == "GET" and "_id}" in endpoint.path and endpoint not in FOR_ROBOTS
]


def find_example(endpoint: Endpoint, status: int) -> Any:
    response = PATHS[f"/{endpoint.path}"][endpoint.method.lower()]["responses"][str(status)]
    return response["content"]["application/problem+json"]["example"]


async def call(exchange: Exchange, endpoint: Endpoint, headers: dict[str, str], **ids: str) -> tuple[int, Any]:
    path = endpoint.path.format(**{**PATH_EXAMPLES, **ids})
    url = f"{exchange.stack.api}/{path}"
    async with exchange.session.request(endpoint.method, url, headers=headers) as response:
        return response.status, await response.json()


@pytest.mark.parametrize("endpoint", READ_BY_ID, ids=lambda endpoint: endpoint.path)
async def test_the_ids_of_the_examples_do_not_exist(exchange: Exchange, endpoint: Endpoint) -> None:
    answer = await call(exchange, endpoint, exchange.as_role("operator"))
    assert answer == (404, find_example(endpoint, 404))


@pytest.mark.parametrize("endpoint", READ_BY_ID, ids=lambda endpoint: endpoint.path)
async def test_an_invalid_id_gets_the_example(exchange: Exchange, endpoint: Endpoint) -> None:
    answer = await call(exchange, endpoint, exchange.as_role("operator"), **dict.fromkeys(PATH_EXAMPLES, "x"))
    assert answer == (422, find_example(endpoint, 422))


@pytest.mark.parametrize(
    "endpoint",
    [endpoint for endpoint in ENDPOINTS if endpoint.access not in {Access.ANYONE, Access.ROBOTS}],
    ids=lambda endpoint: endpoint.handler.__name__,
)
async def test_a_request_without_authentication_gets_the_example(exchange: Exchange, endpoint: Endpoint) -> None:
    assert await call(exchange, endpoint, {}) == (401, find_example(endpoint, 401))


@pytest.mark.parametrize(
    "endpoint",
    [endpoint for endpoint in ENDPOINTS if endpoint.access is Access.OPERATORS],
    ids=lambda endpoint: endpoint.handler.__name__,
)
async def test_a_requestor_at_an_endpoint_for_operators_gets_the_example(
    exchange: Exchange, endpoint: Endpoint
) -> None:
    assert await call(exchange, endpoint, exchange.as_role("requestor")) == (403, find_example(endpoint, 403))


@pytest.mark.parametrize("endpoint", FOR_ROBOTS, ids=lambda endpoint: endpoint.handler.__name__)
async def test_a_wrong_signature_gets_the_example(exchange: Exchange, endpoint: Endpoint) -> None:
    robot_id = await exchange.register_robot("https://r.example")
    headers = Credentials(UUID(robot_id), "wrong").headers(b"")
    assert await call(exchange, endpoint, headers) == (401, find_example(endpoint, 401))

"""Thousands of requests that the OpenAPI document allows, or just doesn't: each answer is one that it documents."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
from yarl import URL

from samples.robot.signing import Credentials
from tests.e2e.conftest import SHORT
from tests.e2e.exchange import Exchange, exchange_on
from tests.e2e.fuzzing import IDENTIFIERS, NOWHERE, World, fuzz
from tests.e2e.robot import running_robot, takes_it
from tests.results import annotation
from tests.stacks import Stack, running_stack

LEAST_CASES = 2_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Give a stack of its own, as it is full of nonsense afterwards; its batches wait for their robots."""
    settings = {**SHORT, "ROBOT_SILENCE_LIMIT_S": "600", "CALLBACK_WAIT_S": "600"}
    with running_stack(tmp_path_factory.mktemp("fuzzed"), **settings) as stack:
        yield stack


@pytest.fixture
async def exchange(stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(stack) as client:
        yield client


async def furnished(exchange: Exchange) -> World:
    """Load references, register robots, and have a robot take batches and upload the results of some."""
    references = await exchange.load(4)
    identifiers = [{"identifier_type": kind, "identifier": known} for kind, known in IDENTIFIERS.items()]
    assert (await exchange.post("/references", {"identifiers": identifiers}))[0] == 201
    robots = [await exchange.register_robot(NOWHERE) for _ in range(2)]
    async with running_robot(exchange, takes_it) as robot:
        robot_id = await exchange.register_robot(robot.url)
        batches = [await exchange.request(robot_id, [item]) for item in references * 2]
        for batch in batches:
            await exchange.until(batch, {"accepted"})
        for order in robot.orders[::2]:
            await robot.upload(order, *[annotation(item) for item in references])
    addresses = [NOWHERE, "https://127.0.0.1:9/robot/", "http://[::1]:9/robôt", robot.orders[0]["result_storage_url"]]
    ids = [*references, *robots, robot_id, *(batch["id"] for batch in batches)]
    return World(exchange.stack, Credentials(UUID(robot_id), exchange.secrets[robot_id]), ids, addresses)


async def document_of(exchange: Exchange) -> dict[str, Any]:
    async with exchange.session.get(f"{exchange.stack.api}/openapi.json") as response:
        assert response.status == 200
        document: dict[str, Any] = await response.json()
        return document


async def hosts_of_robots(exchange: Exchange) -> set[str | None]:
    async with exchange.session.get(f"{exchange.stack.api}/robots", headers=exchange.as_role("operator")) as response:
        return {URL(robot["base_url"]).host for robot in await response.json()}


@pytest.mark.timeout(600)  # it takes a minute on two idle cores
async def test_whatever_is_sent_is_answered_as_the_document_says(exchange: Exchange) -> None:
    document = await document_of(exchange)
    found = fuzz(document, await furnished(exchange))
    assert not found.faults, "\n\n".join([f"{len(found.faults)} faults", *found.faults[:10]])
    cases = sum(map(len, found.answers.values()))
    assert cases >= LEAST_CASES
    assert not found.unused_checks, "all checks are on"
    operations = {f"{method.upper()} {path}" for path, of in document["paths"].items() for method in of}
    assert set(found.answers) == operations
    for operation, statuses in found.answers.items():
        assert any(200 <= status < 300 for status in statuses), f"{operation} never went well: {Counter(statuses)}"
    assert await hosts_of_robots(exchange) <= {"127.0.0.1", "::1"}, "this test calls nobody else"

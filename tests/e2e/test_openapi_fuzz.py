"""Thousands of generated requests, valid and invalid. Each answer must be one that the OpenAPI document describes."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import pytest
from yarl import URL

from exchange.contract.robots import Delivery, RobotSettings
from exchange.contract.v1.robots import NO_BASE_URL
from samples.robot_from_scratch.signing import Credentials
from tests import tiers
from tests.e2e.conftest import SHORT
from tests.e2e.exchange import BATCHES, Exchange, exchange_on
from tests.e2e.fuzzing import IDENTIFIERS, UNUSED_ADDRESS, World, fuzz
from tests.e2e.robot import accept_job, running_robot
from tests.results import annotation
from tests.stacks import Stack, running_stack
from tests.tiers import fast_or_exhaustive

MAX_EXAMPLES = fast_or_exhaustive(5, 100)
MIN_CASES = fast_or_exhaustive(800, 1_500)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of its own, because generated data remains on it. Its batches wait long for their robots."""
    settings = {**SHORT, "ROBOT_SILENCE_LIMIT_S": "600", "CALLBACK_WAIT_S": "600"}
    with running_stack(tmp_path_factory.mktemp("fuzzed"), **settings) as stack:
        yield stack


@pytest.fixture
async def exchange(stack: Stack) -> AsyncIterator[Exchange]:
    async with exchange_on(stack) as client:
        yield client


async def populate(exchange: Exchange) -> World:
    """Load references, register robots, and have a robot accept batches and upload the results of some."""
    *references, never_deleted = await exchange.load_references(5)
    identifiers = [{"identifier_type": kind, "identifier": known} for kind, known in IDENTIFIERS.items()]
    assert (await exchange.post("/references", {"identifiers": identifiers}))[0] == 201
    robots = [await exchange.register_robot(UNUSED_ADDRESS) for _ in range(2)]
    async with running_robot(exchange, accept_job) as robot:
        robot_id = await exchange.register_robot(robot.url)
        ended = await exchange.request_batch(robot_id, references)
        assert (await exchange.post(f"{BATCHES}{ended['id']}/cancel", {}))[0] == 200
        batches = [await exchange.request_batch(robot_id, [item]) for item in references * 2]
        for batch in batches:
            await exchange.wait_until(batch, {"accepted"})
        delivered = robot.jobs[::2]
        for job in delivered:
            await robot.upload(job, *[annotation(item) for item in references])
    credentials = Credentials(UUID(robot_id), exchange.secrets[robot_id])
    fetched = await fetch_job(exchange, credentials, references)
    webhooks = [await create_webhook(exchange) for _ in range(3)]
    status, delivery = await exchange.post(f"/webhooks/{webhooks[0]}/test", {})
    assert status == 202
    result_url = robot.jobs[0]["result_storage_url"]
    addresses = [UNUSED_ADDRESS, "https://127.0.0.1:9/robot/", "http://[::1]:9/robôt", result_url]
    ids = [*references, *robots, robot_id, fetched, *(batch["id"] for batch in batches), *webhooks[1:]]
    known_delivery = {"webhook_id": webhooks[0], "delivery_id": delivery["id"]}
    return World(
        exchange.stack,
        credentials,
        ids,
        addresses,
        known_delivery,
        ended["id"],
        never_deleted,
        [job["id"] for job in delivered],
    )


async def fetch_job(exchange: Exchange, robot: Credentials, references: list[str]) -> str:
    """Have the robot fetch its jobs from now on, and fetch one. Return its id."""
    robot_id = str(robot.robot_id)
    await exchange.as_user("operator").change_robot(robot.robot_id, RobotSettings(delivery=Delivery.PULL))
    await exchange.request_batch(robot_id, references)
    path = f"/v1/robot-enhancement-batches/?robot_id={robot_id}&lease=PT24H"
    status, job = await exchange.call_as_robot(robot, b"", path)
    assert status == 200
    return str(job["id"])


async def create_webhook(exchange: Exchange) -> str:
    status, webhook = await exchange.post("/webhooks", {"url": UNUSED_ADDRESS})
    assert status == 201
    return str(webhook["id"])


async def read_document(exchange: Exchange) -> dict[str, Any]:
    async with exchange.session.get(f"{exchange.stack.api}/openapi.json") as response:
        assert response.status == 200
        document: dict[str, Any] = await response.json()
        return document


async def list_hosts(exchange: Exchange) -> set[str | None]:
    headers = exchange.as_role("operator")
    async with exchange.session.get(f"{exchange.stack.api}/robots", headers=headers) as response:
        urls = [robot["base_url"] for robot in await response.json()]
    async with exchange.session.get(f"{exchange.stack.api}/webhooks", headers=headers) as response:
        urls += [webhook["url"] for webhook in (await response.json())["webhooks"]]
    return {URL(url).host for url in urls}


@pytest.mark.timeout(600)  # it takes a minute on two idle cores
async def test_every_answer_is_one_that_the_document_describes(exchange: Exchange) -> None:
    document = await read_document(exchange)
    findings = fuzz(document, await populate(exchange), MAX_EXAMPLES)
    assert not findings.faults, "\n\n".join([f"{len(findings.faults)} faults", *findings.faults[:10]])
    cases = sum(map(len, findings.statuses.values()))
    assert cases >= MIN_CASES
    assert not findings.unused_checks, "every check must be used"
    operations = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert set(findings.statuses) == operations
    never_succeeded = {
        operation: Counter(statuses)
        for operation, statuses in findings.statuses.items()
        # Any case may give the only job back, end it, or let its lease expire. `tests/sdk/v1` has what succeeds.
        if "/v1/robot-enhancement-batches/{batch_request_id}" not in operation
        and not any(200 <= status < 300 for status in statuses)
    }
    # Few cases may all miss the objects that exist.
    assert not tiers.exhaustive or never_succeeded == {}
    assert await list_hosts(exchange) <= {"127.0.0.1", "::1", URL(NO_BASE_URL).host}, (
        "the test must not call other hosts"
    )

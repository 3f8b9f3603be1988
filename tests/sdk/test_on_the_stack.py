"""A requestor and a robot that are written with a release do their work on a whole exchange."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from exchange.contract.batches import BatchEnhancementRequestIn, BatchEnhancementRequestRead
from exchange.contract.enhancements import Abstract, Enhancement
from exchange.contract.references import EnhancementFileInput, Reference, ReferenceFileInput
from exchange.contract.robots import BatchRobotResult, BatchRobotResultValidationEntry, LinkedRobotError
from exchange.domain import report
from exchange.domain.ids import new_id
from tests.e2e.exchange import BATCHES, Exchange
from tests.sdk.documents import CONTENTS, FILE_ENHANCEMENTS, IDENTIFIERS, ROBOT, Json
from tests.sdk.reading import as_read_by
from tests.sdk.releases import Release
from tests.sdk.robot import SdkRobot, running_robot


@pytest.fixture
async def robot(sdk: Release, exchange: Exchange) -> AsyncIterator[SdkRobot]:
    async with running_robot(sdk, exchange) as running:
        yield running


def a_reference(sdk: Release) -> Any:
    """Make a reference with everything, by identifiers that no other one has."""
    number = new_id().int % 10**12
    values = {"doi": f"10.1234/{number}", "pm_id": number, "open_alex": f"W{number}", "other": f"文 {number}"}
    identifiers = [
        sdk.make(model, **{**fields, "identifier": values[fields["identifier_type"]]})
        for model, fields in IDENTIFIERS.items()
    ]
    enhancements = [sdk.make(EnhancementFileInput, **fields) for fields in FILE_ENHANCEMENTS]
    return sdk.make(ReferenceFileInput, identifiers=identifiers, enhancements=enhancements)


async def load(exchange: Exchange, sdk: Release, count: int) -> list[str]:
    """Load references from a file that the release wrote."""
    lines = "".join(f"{a_reference(sdk).to_jsonl()}\n" for _ in range(count))
    headers = {"Content-Type": "application/jsonl", **exchange.as_role("operator")}
    async with exchange.session.post(f"{exchange.stack.api}/references/", data=lines, headers=headers) as response:
        loaded: list[Json] = [json.loads(line) for line in (await response.read()).splitlines()]
    assert [(one["error"], one["existing"]) for one in loaded] == [(None, False)] * count
    return [one["id"] for one in loaded]


async def order(robot: SdkRobot, reference_ids: list[str]) -> Any:
    """Request a batch as a requestor with the release does."""
    body = robot.sdk.make(BatchEnhancementRequestIn, robot_id=robot.robot.id, reference_ids=reference_ids)
    status, answer = await robot.exchange.post(BATCHES, body.model_dump_json().encode(), role="requestor")
    assert status == 202, answer
    read = robot.sdk.of(BatchEnhancementRequestRead).model_validate(answer)
    assert read.request_status == "received"
    return read


async def ended(robot: SdkRobot, batch_id: UUID) -> Any:
    """Wait for the end, and read the batch as a requestor with the release does."""
    answer = await robot.exchange.wait_until_ended({"id": str(batch_id)})
    return robot.sdk.of(BatchEnhancementRequestRead).model_validate(answer)


def verdicts(robot: SdkRobot, batch: Any) -> dict[str, str | None]:
    """Read the report with the release."""
    entry = robot.sdk.of(BatchRobotResultValidationEntry)
    read = [entry.from_jsonl(line) for line in robot.lines(batch.validation_result_url)]
    return {str(one.reference_id): one.error for one in read}


def judged(sdk: Release, reference: Any) -> Any:
    """Make an entry of a result: an abstract with marks of many kinds in it."""
    content = sdk.make(Abstract, **CONTENTS[Abstract])
    return sdk.make(Enhancement, reference_id=reference.id, source="sdk", visibility="public", content=content)


async def test_a_batch_is_ordered_worked_on_and_read_and_ends_completed(robot: SdkRobot) -> None:
    sdk = robot.sdk
    reference_ids = await load(robot.exchange, sdk, 2)
    requested = await order(robot, reference_ids)
    asked = await robot.asked()
    assert asked.id == requested.id
    told = await asyncio.to_thread(robot.deliver, asked, lambda given: [judged(sdk, one) for one in given])
    assert (told.id, told.request_status) in [(asked.id, status) for status in ("importing", "completed")]
    batch = await ended(robot, asked.id)
    assert (batch.request_status, batch.error) == ("completed", None)
    assert await asyncio.to_thread(verdicts, robot, batch) == dict.fromkeys(reference_ids)
    for reference_id in reference_ids:
        (stored,) = await robot.exchange.list_enhancements(reference_id, source="sdk")
        assert stored["content"] == CONTENTS[Abstract]


async def test_a_robot_that_depends_on_everything_reads_all_of_it_as_it_was_loaded(robot: SdkRobot) -> None:
    # The release can't say it: an operator with a newer client does.
    url = f"{robot.exchange.stack.api}/robots/{robot.robot.id}/"
    described = {**ROBOT, "name": robot.robot.name, "base_url": robot.url}
    operator = robot.exchange.as_role("operator")
    async with robot.exchange.session.put(url, json=described, headers=operator) as response:
        assert response.status == 200
    reference_ids = await load(robot.exchange, robot.sdk, 2)
    await order(robot, reference_ids)
    asked = await robot.asked()
    sent = await asyncio.to_thread(robot.lines, asked.reference_storage_url)
    for line in sent:
        read = robot.sdk.of(Reference).from_jsonl(line)
        assert read.model_dump(mode="json") == as_read_by(robot.sdk, Reference, json.loads(line))
        assert {one.identifier_type for one in read.identifiers} == set(ROBOT["dependent_identifiers"])
        assert {one.content.enhancement_type for one in read.enhancements} == set(ROBOT["dependent_enhancements"])
    assert {json.loads(line)["id"] for line in sent} == set(reference_ids)


async def test_a_robot_registered_with_it_depends_on_nothing_and_gets_bare_references(robot: SdkRobot) -> None:
    reference_ids = await load(robot.exchange, robot.sdk, 1)
    await order(robot, reference_ids)
    asked = await robot.asked()
    (given,) = await asyncio.to_thread(robot.references, asked.reference_storage_url)
    assert (str(given.id), given.identifiers, given.enhancements) == (reference_ids[0], [], [])


async def test_an_error_for_one_reference_is_reported_and_the_batch_ends_partial_failed(robot: SdkRobot) -> None:
    def judge(given: list[Any]) -> list[Any]:
        error = robot.sdk.make(LinkedRobotError, reference_id=given[1].id, message="no text")
        return [judged(robot.sdk, given[0]), error]

    await order(robot, await load(robot.exchange, robot.sdk, 2))
    asked = await robot.asked()
    await asyncio.to_thread(robot.deliver, asked, judge)
    batch = await ended(robot, asked.id)
    assert batch.request_status == "partial_failed"
    said = await asyncio.to_thread(verdicts, robot, batch)
    assert sorted(said.values(), key=str) == [None, report.robot_said("no text")]


async def test_a_robots_error_ends_the_batch_as_failed_in_its_words(robot: SdkRobot) -> None:
    await order(robot, await load(robot.exchange, robot.sdk, 1))
    asked = await robot.asked()
    told = await asyncio.to_thread(robot.report, asked.id, "out of tea")
    assert told.request_status == "failed"
    batch = await ended(robot, asked.id)
    assert (batch.request_status, batch.error) == ("failed", told.error)
    assert "out of tea" in batch.error


async def test_its_client_reads_fresh_urls(robot: SdkRobot) -> None:
    reference_ids = await load(robot.exchange, robot.sdk, 1)
    await order(robot, reference_ids)
    asked = await robot.asked()
    for path in (f"{BATCHES}{asked.id}", f"{BATCHES}{asked.id}/"):
        response = await asyncio.to_thread(robot.client().session.get, path)
        batch = robot.sdk.of(BatchEnhancementRequestRead).model_validate(response.raise_for_status().json())
        (given,) = await asyncio.to_thread(robot.references, batch.reference_data_url)
        assert str(given.id) == reference_ids[0]


async def test_its_client_is_told_that_its_secret_is_wrong(robot: SdkRobot) -> None:
    result = robot.sdk.make(BatchRobotResult, request_id=new_id())
    with pytest.raises(robot.sdk.client.httpx.HTTPStatusError) as refused:
        await asyncio.to_thread(robot.client("wrong").send_batch_robot_result, result)
    assert refused.value.response.status_code == 401
    assert refused.value.response.json()["detail"]


async def test_its_client_is_told_that_there_is_no_such_batch(robot: SdkRobot) -> None:
    result = robot.sdk.make(BatchRobotResult, request_id=new_id())
    with pytest.raises(robot.sdk.client.httpx.HTTPStatusError) as refused:
        await asyncio.to_thread(robot.client().send_batch_robot_result, result)
    assert refused.value.response.status_code == 404
